"""Value and slope of losses while one pixel moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..i18n import Text, _
from ..losses.base import Loss
from .examples import PIXELS, Array
from .letters import written
from .measurements import Curve, curve_of
from .style import COLORS, INK, new_figure, quiet

TICKS = (0.01, 0.1, 0.5, 0.9, 0.99)
SIDES = {"object": _("the pixel is object"), "background": _("the pixel is background")}
BELOW = _("probability of the object at the pixel")


def curve(losses: Mapping[str, Loss], curves: Mapping[str, Curve] | None = None) -> Any:
    """Draw value and slope while the probability of one pixel moves, all others staying nearly right.

    The axis is linear in the logit, so that the lower picture is the slope of the upper one, and its ticks say the
    probability. One loss: both pixels in one picture, in the loss's own units. Several: a column for each pixel, and
    every loss scaled to 1, as their units differ.

    Args:
        losses: The losses by what to call them.
        curves: Their numbers, if `curve_of` has been asked already.

    Returns:
        A matplotlib figure, for `save`.
    """
    drawn = {name: (curves or {}).get(name) or curve_of(loss) for name, loss in losses.items()}
    return _several(drawn) if len(drawn) > 1 else _one(next(iter(drawn.values())))


def _one(curve: Curve) -> Any:
    figure = new_figure(7.6, 2.9)
    left, right = figure.subplots(1, 2)
    for color, side in zip(COLORS, PIXELS):
        _line(left, curve.logits, curve.values[side], color, written(SIDES[side]))
        _line(right, curve.logits, curve.slopes[side], color, written(SIDES[side]))
    _label(left, _("loss"), _("value"))
    _label(right, _("slope by the logit"), _("slope"))
    _legend(figure, left)
    return figure


def _several(curves: Mapping[str, Curve]) -> Any:
    figure = new_figure(7.6, 5.4)
    grid = figure.subplots(2, 2, sharex=True)
    for column, side in zip(grid.T, PIXELS):
        for number, (name, one) in enumerate(curves.items()):
            color, dash = COLORS[number % len(COLORS)], ("-", "--", ":")[number // len(COLORS) % 3]
            span = max(np.ptp(v) for v in one.values.values()) or 1.0
            steepest = max(np.abs(s).max() for s in one.slopes.values()) or 1.0
            low = min(v.min() for v in one.values.values())
            _line(column[0], one.logits, (one.values[side] - low) / span, color, name, dash)
            _line(column[1], one.logits, one.slopes[side] / steepest, color, name, dash)
        _label(column[0], _("loss, scaled to 1"), SIDES[side], below="")
        _label(column[1], _("slope by the logit, scaled to 1"), "")
    _legend(figure, grid[0, 0])
    return figure


def _legend(figure: Any, axis: Any) -> None:
    handles, labels = axis.get_legend_handles_labels()
    columns = min(len(labels), 3)
    figure.legend(handles, labels, loc="outside lower center", frameon=False, fontsize=8, labelcolor=INK, ncols=columns)


def _line(axis: Any, x: Array, y: Array, color: str, label: str, dash: str = "-") -> None:
    """A curve with a gap where it jumps."""
    jumps = gaps(y)
    axis.plot(
        np.insert(x, jumps, np.nan),
        np.insert(y, jumps, np.nan),
        color=color,
        linestyle=dash,
        linewidth=1.8,
        label=label,
    )


def gaps(y: Array) -> Array:
    """Before which points a curve jumps: by a step much larger than the steps beside it."""
    steps = np.abs(np.diff(y))
    beside = np.maximum(np.append(steps[1:], steps[-2]), np.insert(steps[:-1], 0, steps[1]))
    return np.flatnonzero((steps > 3 * beside) & (steps > 0.01 * np.ptp(y))) + 1


def _label(axis: Any, ylabel: Text, title: Text, below: Text = BELOW) -> None:
    quiet(axis)
    axis.set_xticks([np.log(p / (1 - p)) for p in TICKS], [f"{p:g}" for p in TICKS])
    axis.set_title(written(title), fontsize=9, color=INK)
    axis.set_ylabel(written(ylabel), fontsize=8, color=INK)
    axis.set_xlabel(written(below), fontsize=8, color=INK)
    axis.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4), useMathText=True)
    axis.yaxis.get_offset_text().set_fontsize(8)
    low, high = axis.get_ylim()
    if all(np.ptp(line.get_ydata()) == 0 for line in axis.lines):
        axis.set_ylim(low - 0.5, high + 0.5)
        axis.text(0.5, 0.6, written(_("flat")), transform=axis.transAxes, ha="center", fontsize=9, color=INK)
