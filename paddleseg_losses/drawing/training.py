"""Two pictures of a training: what the model sees in the images, and how its loss went down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..i18n import _
from .letters import use_fonts, written
from .overlays import CLASS_COLORS
from .style import without_matplotlib

_IGNORED = "#7a7a7a"
_INK, _FAINT = "#22252b", "#d9dce1"


def save_prediction_picture(
    path: str | Path,
    images: Sequence[Any],
    truths: Sequence[Any],
    predictions: Sequence[Any],
    class_names: Sequence[str],
    rows: int = 3,
    ignore_index: int = 255,
) -> Path:
    """Draw image, truth and prediction side by side, with the Dice of every class in the title.

    Args:
        path: PNG file to write, or another format that matplotlib knows.
        images: Arrays ``[H, W]`` or ``[H, W, 3]`` (uint8, or 0 to 1).
        truths: Class indices ``[H, W]`` of each image.
        predictions: Class indices ``[H, W]`` of each image.
        class_names: One name a class; the first is the background, whose Dice is not shown.
        rows: How many images to draw, spread evenly over all. The Dice counts them all.
        ignore_index: Label of pixels that do not count.

    Returns:
        The file written.

    Raises:
        DataError: The three sequences are empty or do not have the same length.
        MissingDependencyError: matplotlib is missing.
    """
    counts = {len(images), len(truths), len(predictions)}
    if len(counts) != 1 or 0 in counts:
        raise DataError(
            _(
                "{images} images, {truths} truths and {predictions} predictions.",
                images=len(images),
                truths=len(truths),
                predictions=len(predictions),
            ),
            _("the same number of each, at least one"),
            _("pass the three sequences of the same images"),
        )
    figure_class, colors, patch = _matplotlib()
    shown = np.unique(np.linspace(0, len(images) - 1, min(rows, len(images))).round().astype(int))
    figure = figure_class(figsize=(7.2, 2.3 * len(shown) + 1.2), layout="constrained", facecolor="white")
    axes = figure.subplots(len(shown), 3, squeeze=False)
    palette = colors.ListedColormap([_color(c) for c in range(len(class_names))]).with_extremes(over=_IGNORED)
    for row, i in zip(axes, shown):
        row[0].imshow(images[i], cmap="gray", vmin=0, vmax=255 if np.asarray(images[i]).dtype == np.uint8 else 1)
        for axis, labels in zip(row[1:], (truths[i], predictions[i])):
            axis.imshow(labels, cmap=palette, vmin=-0.5, vmax=len(class_names) - 0.5, interpolation="nearest")
    for axis, title in zip(axes[0], (_("image"), _("truth"), _("prediction"))):
        axis.set_title(written(title), color=_INK, fontsize=11)
    for axis in axes.flat:
        axis.set_axis_off()
    called = [written(name, otherwise=str(c)) for c, name in enumerate(class_names)]
    scores = zip(called[1:], _dice(truths, predictions, len(class_names), ignore_index)[1:])
    figure.suptitle("Dice   " + "   ".join(f"{name} {score:.3f}" for name, score in scores), color=_INK, fontsize=12)
    figure.legend(
        handles=[
            patch(facecolor=_color(c), edgecolor=_INK, linewidth=0.5, label=name) for c, name in enumerate(called)
        ],
        loc="outside lower center",
        ncols=min(len(class_names), 4),
        frameon=False,
        labelcolor=_INK,
    )
    return _save(figure, path)


def save_curve_picture(
    path: str | Path,
    iterations: Sequence[int],
    losses: Sequence[float | None],
    evaluations: Mapping[str, Sequence[tuple[int, float]]] | None = None,
) -> Path:
    """Draw the training loss, and below it the scores on the validation images if there are any.

    Args:
        path: PNG file to write, or another format that matplotlib knows.
        iterations: Where the losses were taken.
        losses: Their values; None or NaN leaves a hole. The scale is logarithmic if they span a factor of ten.
        evaluations: Points ``(iteration, score)`` of one curve a name, such as ``{"mean Dice": [(100, 0.8)]}``.

    Returns:
        The file written.

    Raises:
        MissingDependencyError: matplotlib is missing.
    """
    figure_class, _colors, _patch = _matplotlib()
    curves = {name: points for name, points in (evaluations or {}).items() if points}
    figure = figure_class(figsize=(7.2, 5.2 if curves else 3.6), layout="constrained", facecolor="white")
    panels = figure.subplots(2 if curves else 1, sharex=True, squeeze=False, height_ratios=[3, 2] if curves else [1])[
        :, 0
    ]
    values = [math.nan if value is None else value for value in losses]
    finite = [value for value in values if math.isfinite(value)]
    panels[0].plot(iterations, values, color=CLASS_COLORS[7], linewidth=1.8)
    panels[0].set_ylabel(written(_("training loss")), color=_INK)
    if finite and min(finite) > 0 and max(finite) > 10 * min(finite):
        panels[0].set_yscale("log")
    for color, (name, points) in zip(CLASS_COLORS[6:4:-1] * len(curves), curves.items()):
        panels[1].plot(*zip(*points), color=color, linewidth=1.8, marker="o", markersize=4, label=name)
        panels[1].annotate(
            f"{points[-1][1]:.3f}", points[-1], (0, 6), textcoords="offset points", ha="center", color=color, fontsize=9
        )
    if curves:
        panels[1].set_ylabel(written(_("validation score")), color=_INK)
        panels[1].margins(y=0.25)
        panels[1].legend(frameon=False, loc="lower right", labelcolor=_INK)
    panels[-1].set_xlabel(written(_("iteration")), color=_INK)
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color=_FAINT, linewidth=0.7)
        panel.set_axisbelow(True)
    return _save(figure, path)


def _matplotlib() -> tuple[Any, Any, Any]:
    """What we draw with: a Figure of its own draws with Agg, needs no display and touches nobody's pyplot."""
    try:
        from matplotlib import colors
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch
    except ImportError as error:
        raise without_matplotlib(error) from error
    return Figure, colors, Patch


def _color(index: int) -> str:
    return CLASS_COLORS[index] if index < len(CLASS_COLORS) else CLASS_COLORS[1 + (index - 1) % (len(CLASS_COLORS) - 1)]


def _dice(truths: Sequence[Any], predictions: Sequence[Any], classes: int, ignore_index: int) -> list[float]:
    """Dice of every class over all pixels of all images; NaN for a class that neither side holds."""
    common, total = np.zeros(classes), np.zeros(classes)
    for truth, prediction in zip(map(np.asarray, truths), map(np.asarray, predictions)):
        valid = truth != ignore_index
        for c in range(classes):
            true, guessed = (truth == c) & valid, (prediction == c) & valid
            common[c] += (true & guessed).sum()
            total[c] += true.sum() + guessed.sum()
    return [float(2 * i / t) if t else math.nan for i, t in zip(common, total)]


def _save(figure: Any, path: str | Path) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    use_fonts(figure)
    figure.savefig(path, dpi=130)
    return path
