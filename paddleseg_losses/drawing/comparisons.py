"""Pictures of a comparison of losses: images, ranks, curves and predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..i18n import Text, _
from .letters import written
from .style import COLORS, FAINT, INK, new_figure, quiet, save


def draw_boxes(path: Path, dice: Mapping[str, Any]) -> Path:
    """How the Dice of an image is spread over the images, `[images]` of each loss."""
    names = list(dice)
    figure = new_figure(7.2, 0.24 * len(names) + 1.2)
    axis = figure.subplots()
    images = [dice[name][~np.isnan(dice[name])] for name in names]
    axis.boxplot(
        images[::-1], orientation="horizontal", widths=0.6, flierprops={"markersize": 2, "markeredgecolor": FAINT},
        medianprops={"color": COLORS[1]}, boxprops={"color": INK}, whiskerprops={"color": INK}, capprops={"color": INK},
    )  # fmt: skip
    axis.set_yticklabels(names[::-1])
    axis.set_xlabel(written(_("Dice of an image")), color=INK)
    quiet(axis)
    return save(figure, path)


def draw_ranks(path: Path, intervals: Mapping[str, tuple[float, float]]) -> Path:
    """Where the rank of each loss lies in 95 % of the draws."""
    names = list(intervals)
    figure = new_figure(7.2, 0.24 * len(names) + 1.2)
    axis = figure.subplots()
    for place, name in enumerate(reversed(names)):
        low, high = intervals[name]
        axis.plot((low, high), (place, place), color=COLORS[0], linewidth=5, marker="o", markersize=5)
    axis.set_yticks(range(len(names)), names[::-1])
    axis.set_ylim(-0.5, len(names) - 0.5)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_xlabel(written(_("rank, 95% interval (1 is the best)")), color=INK)
    quiet(axis)
    return save(figure, path)


def draw_curves(
    path: Path, points: Mapping[str, Sequence[tuple[float, float, float]]], dial: Text, numbers: str | None = None
) -> Path:
    """Dice along a dial: `(place, mean, standard deviation)`; the six best on average are named, the others grey.

    A place where a loss has no score counts as 0, or a loss that fails at the hardest one would look best.
    """
    figure = new_figure(7.2, 4.4)
    axis = figure.subplots()
    total = {name: np.nansum([mean for _place, mean, _deviation in each]) for name, each in points.items()}
    best = sorted(total, key=lambda name: -total[name])[:6]
    for name, each in points.items():
        places, means, deviations = (np.array(column, float) for column in zip(*each))
        if name in best:
            color = COLORS[best.index(name)]
            axis.errorbar(places, means, np.nan_to_num(deviations), color=color, marker="o", markersize=4, label=name,
                          capsize=2, zorder=3)  # fmt: skip
        else:
            axis.plot(places, means, color=FAINT, linewidth=1)
    reach = [place for each in points.values() for place, _mean, _deviation in each]
    if min(reach) > 0 and max(reach) >= 10 * min(reach):
        axis.set_xscale("log")
    axis.set_xlabel(written(dial), color=INK)
    axis.set_ylabel("Dice", color=INK)
    quiet(axis)
    axis.legend(frameon=False, fontsize=8, labelcolor=INK)
    return save(figure, path, numbers)


def draw_predictions(path: Path, images: Mapping[str, Any], predictions: Mapping[str, Mapping[str, Any]]) -> Path:
    """The images on which losses differ most: image, truth, and what was predicted after training with each loss."""
    places = [key.removeprefix("image_") for key in images if key.startswith("image_")]
    known = [place for place in places if all(f"prediction_{place}" in each for each in predictions.values())]

    def disagreement(place: str) -> float:
        stack = np.stack([each[f"prediction_{place}"] for each in predictions.values()])
        return float((stack != stack[0]).any(axis=0).mean())

    shown = sorted(sorted(known), key=lambda place: -disagreement(place))[:4]
    columns = [written(_("image")), written(_("truth")), *predictions]
    figure = new_figure(1.5 * len(columns), 1.5 * len(shown) + 0.5)
    for row, place in zip(figure.subplots(len(shown), len(columns), squeeze=False), shown):
        labels = [images[f"truth_{place}"], *(each[f"prediction_{place}"] for each in predictions.values())]
        row[0].imshow(images[f"image_{place}"], cmap="gray")
        top = max(int(np.where(each == 255, 0, each).max()) for each in labels)
        for axis, each in zip(row[1:], labels):
            axis.imshow(each, cmap="viridis", vmin=0, vmax=max(top, 1), interpolation="nearest")
        for axis in row:
            axis.set_axis_off()
    for axis, title in zip(figure.axes, columns):
        axis.set_title(title, fontsize=7, color=INK)
    return save(figure, path)
