"""Gradient maps: which pixels of a small example a loss moves, in which direction, and how strongly."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..i18n import Text, _
from ..losses.base import Loss
from .examples import SCENE, Scene
from .letters import written
from .measurements import SceneGradient, gradient_on
from .style import DIVERGING, FAINT, INK, new_figure, quiet

OUTLINE = "#111111"
REGIONS = {
    "missed part": _("missed part"),
    "ragged edge": _("ragged edge"),
    "near blob": _("near blob"),
    "far blob": _("far blob"),
    "right pixels": _("right pixels"),
}


def gradient_map(
    losses: Mapping[str, Loss], scene: Scene = SCENE, gradients: Mapping[str, SceneGradient] | None = None
) -> Any:
    """Draw truth, prediction, and for each loss its gradient map and the mean gradient on each kind of error.

    Args:
        losses: The losses by what to call them.
        scene: The example.
        gradients: Their gradients, if `gradient_on` has been asked already.

    Returns:
        A matplotlib figure, for `save`.
    """
    rows = {name: (gradients or {}).get(name) or gradient_on(loss, scene) for name, loss in losses.items()}
    figure = new_figure(10.2, 2.35 * len(rows) + 0.1)
    grid = figure.subplots(len(rows), 4, squeeze=False, width_ratios=[1, 1, 1.12, 0.85])
    _truth(grid[0, 0], scene)
    _prediction(grid[0, 1], scene)
    for axis in grid[1:, :2].flat:
        axis.set_axis_off()
    for row, (name, measured) in zip(grid, rows.items()):
        title = f"{written(textwrap.fill(name, 36))}\n" if len(rows) > 1 else ""
        _gradient(figure, row[2], measured, scene, title)
        _bars(row[3], measured)
    return figure


def _truth(axis: Any, scene: Scene) -> None:
    axis.imshow(scene.truth, cmap="gray", vmin=0, vmax=1.15, interpolation="nearest")
    _frame(axis, _("truth"))


def _prediction(axis: Any, scene: Scene) -> None:
    axis.imshow(scene.probability, cmap="gray", vmin=0, vmax=1.15, interpolation="nearest")
    _outline(axis, scene, "#e69f00")
    for number, mask in enumerate(scene.errors.values(), 1):
        rows, columns = np.nonzero(mask)
        beside = columns.max() + 4 if columns.max() + 8 < scene.truth.shape[1] else columns.min() - 4
        axis.text(
            beside, rows.mean(), str(number), color="#56b4e9", fontsize=10, weight="bold", ha="center", va="center"
        )
    _frame(axis, _("prediction (line: truth)"))


def _gradient(figure: Any, axis: Any, measured: SceneGradient, scene: Scene, title: str) -> None:
    most = float(np.abs(measured.gradient).max()) or 1.0
    image = axis.imshow(measured.gradient, cmap=DIVERGING, vmin=-most, vmax=most, interpolation="nearest")
    _outline(axis, scene, OUTLINE)
    _frame(axis, _("gradient by the logit"), title)
    bar = figure.colorbar(image, ax=axis, shrink=0.8, ticks=[-most, 0, most], pad=0.02)
    bar.ax.set_yticklabels([written(_("raise p")), "0", written(_("lower p"))], fontsize=7, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)


def _bars(axis: Any, measured: SceneGradient) -> None:
    names = list(measured.regions)
    shares = [measured.share(name) for name in names]
    axis.barh(range(len(names)), shares, color=["#0072b2"] * (len(names) - 1) + ["#9aa0a8"], height=0.65)
    for place, share in enumerate(shares):
        axis.text(share + 0.02, place, _words(share), va="center", fontsize=7, color=INK)
    words = [written(REGIONS.get(name, name)) for name in names]
    labels = [f"{number} {word}" for number, word in enumerate(words, 1)]
    labels[-1] = words[-1]
    quiet(axis)
    axis.grid(visible=False)
    axis.set_yticks(range(len(names)), labels, fontsize=7.5)
    axis.set_xticks([])
    axis.spines[["bottom"]].set_visible(False)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.2)
    axis.set_title(written(_("pull on a pixel, strongest = 1")), fontsize=9, color=INK)


def _words(share: float) -> str:
    return "0" if share == 0 else "< 0.001" if share < 1e-3 else f"{share:.2g}"


def _outline(axis: Any, scene: Scene, color: str) -> None:
    axis.contour(scene.truth, levels=[0.5], colors=color, linewidths=0.8)


def _frame(axis: Any, title: Text, above: str = "") -> None:
    axis.set_title(above + written(title), fontsize=9, color=INK)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_color(FAINT)
