"""Curves over the iterations as SVG, whose letters stay text: a browser has the fonts for every language."""

from __future__ import annotations

import html
import io
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..i18n import Text, _
from .style import COLORS, INK, new_figure, quiet

_FEW = 20  # points of a curve that are marked: a line through one of them is invisible


@dataclass(frozen=True)
class Panel:
    """One diagram: points `(iteration, value)` of each curve; a value that is None leaves a hole."""

    title: Text
    curves: Mapping[str, Sequence[tuple[int, float | None]]]
    points: bool = False  # whether each measurement is marked


def draw_panels(panels: Sequence[Panel]) -> str:
    """Diagrams below each other; the scale is logarithmic where values span a factor of ten.

    Raises:
        MissingDependencyError: matplotlib is missing.
    """
    figure = new_figure(8, 2.6 * len(panels) + 0.4)
    from matplotlib import rc_context

    axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axis, panel in zip(axes, panels):
        for number, (name, points) in enumerate(panel.curves.items()):
            places, values = zip(*((place, math.nan if value is None else value) for place, value in points))
            axis.plot(places, values, color=COLORS[number % len(COLORS)], linewidth=1.4, label=name,
                      linestyle="-" if number < len(COLORS) else "--",
                      marker="o" if panel.points or len(points) <= _FEW else None, markersize=3.5)  # fmt: skip
        axis.set_title(str(panel.title), loc="left", fontsize=9, color=INK)
        if _spans_decades([value for points in panel.curves.values() for _place, value in points]):
            axis.set_yscale("log")
        quiet(axis)
        if len(panel.curves) > 1:
            axis.legend(frameon=False, fontsize=8, labelcolor=INK)
    axes[-1].set_xlabel(str(_("iteration")), color=INK)
    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "progress"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)  # of the font that measures them
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    picture = file.getvalue()[file.getvalue().index("<svg") :]
    spoken = html.escape("; ".join(str(panel.title) for panel in panels))
    return picture.replace("<svg", f'<svg role="img" aria-label="{spoken}"', 1)


def _spans_decades(values: Sequence[float | None]) -> bool:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return bool(known) and min(known) > 0 and max(known) > 10 * min(known)
