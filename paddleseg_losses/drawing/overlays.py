"""Labels over images: arrays of pixels, for files that are as large as their images."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import Any

import numpy as np

# Class 0, the background, is dark where it is drawn at all. The colour-blind can tell them apart (Okabe and Ito).
CLASS_COLORS = ("#15171c", "#56b4e9", "#e69f00", "#f5f1e3", "#cc79a7", "#009e73", "#d55e00", "#0072b2", "#f0e442")
IGNORED = (122, 122, 122)
MISSED, FALSE_ALARM, CONFUSED = (178, 24, 43), (33, 102, 172), (247, 220, 80)  # beside grey, no class has these
_WIDTH, _GAP = 420, 6  # of a panel, and between two
Color = tuple[int, int, int]


def palette(count: int) -> list[Color]:
    """Colours of classes; after the first few, hues as far from each other as they get."""
    first = [_rgb(code) for code in CLASS_COLORS[:count]]
    rest = (colorsys.hsv_to_rgb(i * 0.618034 % 1, 0.55 + 0.35 * (i % 2), 0.95) for i in range(len(first), count))
    return first + [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in rest]


def overlay(
    image: Any, labels: Any, colors: Sequence[Color], ignore_index: int | None = None, alpha: float = 0.55
) -> Any:
    """An image with the classes in colour.

    Args:
        image: `[H, W, 3]`, uint8.
        labels: class indices `[H, W]`, of which 0 is left as it is; or channels of 0 and 1, `[C, H, W]`.
        colors: of the classes.
        ignore_index: label that is drawn grey.
        alpha: how much the colours cover.
    """
    painted = image.astype(np.float32)
    masks = [(channel == 1, color) for channel, color in zip(labels, colors)] if labels.ndim == 3 else [
        (labels == c, colors[c]) for c in np.unique(labels) if 0 < c < len(colors) and c != ignore_index
    ]  # fmt: skip
    if ignore_index is not None:
        masks.append((_any(labels == ignore_index), IGNORED))
    for mask, _color in masks:  # colours lie on grey: the hue of the image would change theirs
        painted[mask] = image[mask].mean(axis=-1, keepdims=True)
    for mask, color in masks:
        painted[mask] = (1 - alpha) * painted[mask] + alpha * np.array(color, np.float32)
    return painted.round().astype(np.uint8)


def errors(image: Any, truth: Any, guess: Any, ignore_index: int | None = None) -> Any:
    """A pale image with what is missed, what is false, and what is taken for another class."""
    valid = truth != ignore_index
    if truth.ndim == 3:
        masks = {
            MISSED: _any(valid & (truth == 1) & (guess == 0)),
            FALSE_ALARM: _any(valid & (truth == 0) & (guess == 1)),
        }
    else:
        wrong = valid & (truth != guess)
        masks = {
            MISSED: wrong & (guess == 0),
            FALSE_ALARM: wrong & (truth == 0),
            CONFUSED: wrong & (guess * truth != 0),
        }
    grey = image.astype(np.float32).mean(axis=2, keepdims=True) * 0.3 + 170  # paler than what is ignored
    drawn = np.broadcast_to(grey, image.shape).copy()
    for color, mask in {**masks, IGNORED: ~_all(valid)}.items():
        drawn[mask] = color
    return drawn.round().astype(np.uint8)


def strip(panels: Sequence[Any]) -> Any:
    """Panels of one size beside each other, made smaller if they are large."""
    from PIL import Image

    height, width = panels[0].shape[:2]
    factor = _WIDTH / max(width, height)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    how = Image.Resampling.BOX if factor < 1 else Image.Resampling.NEAREST
    small = [np.asarray(Image.fromarray(panel).resize(size, how)) for panel in panels]
    gap = np.full((size[1], _GAP, 3), 255, np.uint8)
    return np.concatenate([part for panel in small for part in (panel, gap)][:-1], axis=1)


def _any(mask: Any) -> Any:
    return mask.any(axis=0) if mask.ndim == 3 else mask


def _all(mask: Any) -> Any:
    return mask.all(axis=0) if mask.ndim == 3 else mask


def _rgb(code: str) -> Color:
    red, green, blue = bytes.fromhex(code[1:])
    return red, green, blue
