"""What the masks of a dataset look like: some of them, and for each class its share and the sizes of its objects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import MaskStatistics
from ..i18n import Text, _
from .letters import written
from .style import COLORS, INK, new_figure, quiet, save

SHOWN = 4


def draw_masks(
    path: str | Path,
    masks: Sequence[Any],
    statistics: MaskStatistics,
    names: Mapping[int, Text],
    ignore_index: int | None,
) -> Path:
    """Draw the first masks, and below them two charts by class.

    Args:
        path: PNG file to write, or another format that matplotlib knows.
        masks: class indices `[H, W]`.
        statistics: of all masks.
        names: of the classes.
        ignore_index: shown in grey.
    """
    figure = new_figure(8.0, 5.2 + 0.16 * len(statistics.classes))
    rows = figure.subfigures(2, 1)
    for axis, mask in zip(np.atleast_1d(rows[0].subplots(1, SHOWN)), masks):
        axis.imshow(_colored(np.asarray(mask), ignore_index), interpolation="nearest")
    for axis in rows[0].axes:
        axis.set_axis_off()
    shares, sizes = rows[1].subplots(1, 2, sharey=True)
    labels = sorted(statistics.classes, reverse=True)
    places = range(len(labels))
    for place, label in zip(places, labels):
        each, color = statistics.classes[label], _color(label)
        shares.plot(each.share, place, "o", color=color, markersize=8)
        low, middle, high = each.component_pixels
        sizes.plot([max(low, 1), max(high, 1)], [place, place], color=color, linewidth=4, solid_capstyle="butt")
        sizes.plot(max(middle, 1), place, "o", color=INK, markersize=4)
    shares.set_xlim(10.0 ** math.floor(math.log10(min(each.share for each in statistics.classes.values()))), 1.1)
    shares.set_ylim(-0.5, len(labels) - 0.5)
    shares.set_yticks(list(places), [_called(label, names) for label in labels])
    below = _("share of the pixels"), _("pixels of an object: median, 10% to 90%")
    for axis, words in zip((shares, sizes), below):
        axis.set_xscale("log")
        axis.set_xlabel(written(words), color=INK)
        quiet(axis)
    return save(figure, path)


def _called(label: int, names: Mapping[int, Text]) -> str:
    """Its name, or its number where no font has the letters."""
    return written(names.get(label, str(label)), otherwise=str(label))


def _color(label: int) -> str:
    return INK if label == 0 else COLORS[(label - 1) % len(COLORS)]


def _colored(mask: Any, ignore_index: int | None) -> Any:
    from matplotlib.colors import to_rgb

    picture = np.full((*mask.shape, 3), 0.6)
    for label in np.unique(mask):
        if label != ignore_index:
            picture[mask == label] = to_rgb(_color(int(label)))
    return picture
