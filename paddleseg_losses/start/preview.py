"""A picture of a few samples: the image, and the mask over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..drawing.style import COLORS
from .inspection import read_mask, spread
from .reading import IGNORED

if TYPE_CHECKING:
    from .plan import Plan

_ROWS, _SIDE, _GAP = 6, 256, 8
_OPACITY = 0.6


def draw_preview(plan: Plan, path: Path) -> bool:
    """Draw some samples, spread over all; whether one could be drawn."""
    from PIL import Image

    tiles = [tile for sample in spread(plan.samples, _ROWS) for tile in [_tile(plan, sample)] if tile is not None]
    if not tiles:
        return False
    columns = min(2, len(tiles))
    rows = -(-len(tiles) // columns)
    width, height = 2 * _SIDE + _GAP, _SIDE
    sheet = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * (height + _GAP) + _GAP), "white")
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        sheet.paste(tile, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    sheet.save(path)
    return True


def _tile(plan: Plan, sample: Any) -> Any:
    """Image and overlay beside each other."""
    from PIL import Image

    pixels, _reason = read_mask(sample)
    if pixels is None:
        return None
    labels = plan.reading.labels(pixels)
    with Image.open(sample.image) as picture:
        picture = picture.convert("RGB") if not str(picture.mode).startswith("I") else _shallow(picture)
    if picture.size != labels.shape[::-1]:
        return None
    size = _fitted(picture.size)
    image = np.asarray(picture.resize(size))
    small = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
    tile = Image.new("RGB", (2 * _SIDE + _GAP, _SIDE), "white")
    tile.paste(Image.fromarray(image), (0, 0))
    tile.paste(Image.fromarray(_overlay(image, small)), (_SIDE + _GAP, 0))
    return tile


def _shallow(picture: Any) -> Any:
    """16 bits as 8, from the darkest to the brightest."""
    from PIL import Image

    array = np.asarray(picture).astype("float64")
    scaled = (array - array.min()) / max(float(np.ptp(array)), 1.0) * 255
    return Image.fromarray(scaled.astype("uint8")).convert("RGB")


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = _SIDE / max(size)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def _overlay(image: Any, labels: Any) -> Any:
    """Classes above the background in color, ignored pixels white."""
    from PIL import ImageColor

    colors = np.full((256, 3), 255.0)
    for label in range(1, IGNORED):
        colors[label] = ImageColor.getrgb(COLORS[(label - 1) % len(COLORS)])
    mixed = (1 - _OPACITY) * image + _OPACITY * colors[labels]
    return np.where((labels == 0)[..., np.newaxis], image, mixed).astype("uint8")
