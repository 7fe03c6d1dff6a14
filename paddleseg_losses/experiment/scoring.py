"""Scores of one image: counts of pixels, and distances between boundaries.

Conventions. A boundary is the pixels of a mask that a 4-connected erosion removes (6-connected in 3-D); outside the
image is background. `hd95` is the larger of the two directed 95th percentiles. A class that only one side holds costs
the diagonal of the image and has a surface Dice of 0; a class that neither holds is NaN: left out of every mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

TOLERANCE = 1.0  # of the surface Dice, in the unit of the spacing: pixels, if there is none

Array = Any


def score_image(
    prediction: Array, truth: Array, classes: int, ignore_index: int | None = 255, spacing: Sequence[float] = ()
) -> dict[str, Array]:
    """Counts and distances for every class of one image.

    Args:
        prediction: class indices `[*S]`.
        truth: class indices `[*S]`.
        classes: their number.
        ignore_index: pixels that do not count. Nothing is predicted there, and nothing is true.
        spacing: length of a pixel along each axis; 1 by default.

    Returns:
        `tp`, `fp`, `fn`, `tn`, `hd95` and `surface_dice`, each `[classes]`.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    spacing = tuple(spacing) or (1.0,) * truth.ndim
    valid = truth != ignore_index
    scores: dict[str, list[float]] = {name: [] for name in ("tp", "fp", "fn", "tn", "hd95", "surface_dice")}
    for c in range(classes):
        guessed, true = (prediction == c) & valid, (truth == c) & valid
        tp, fp, fn = (int(np.count_nonzero(m)) for m in (guessed & true, guessed & ~true, true & ~guessed))
        hd95, surface = boundary_scores(guessed, true, spacing)
        values = (tp, fp, fn, int(np.count_nonzero(valid)) - tp - fp - fn, hd95, surface)
        for name, value in zip(scores, values):
            scores[name].append(value)
    return {name: np.array(values, float if name in ("hd95", "surface_dice") else np.int64)
            for name, values in scores.items()}  # fmt: skip


def boundary_scores(guessed: Array, true: Array, spacing: Sequence[float]) -> tuple[float, float]:
    """Distance within which 95 % of the boundaries lie, and share of the boundaries within the tolerance."""
    if not guessed.any() and not true.any():
        return math.nan, math.nan
    if not guessed.any() or not true.any():
        return math.hypot(*((n - 1) * s for n, s in zip(true.shape, spacing))), 0.0
    box = ndimage.find_objects((guessed | true).astype(np.int8))[0]  # everything happens inside it
    a, b = (_boundary(mask[box]) for mask in (guessed, true))
    there, back = _distances(a, b, spacing), _distances(b, a, spacing)
    near = np.count_nonzero(there <= TOLERANCE) + np.count_nonzero(back <= TOLERANCE)
    return float(max(np.percentile(there, 95), np.percentile(back, 95))), near / (there.size + back.size)


def _boundary(mask: Array) -> Array:
    return mask & ~ndimage.binary_erosion(mask)


def _distances(of: Array, to: Array, spacing: Sequence[float]) -> Array:
    return ndimage.distance_transform_edt(~to, sampling=spacing)[of]


def ratios(counts: Mapping[str, Array]) -> dict[str, Array]:
    """Every metric by image and class, from what `score_image` gives for each image: `[images, classes]`."""
    tp, fp, fn, tn = (np.asarray(counts[name], float) for name in ("tp", "fp", "fn", "tn"))
    with np.errstate(invalid="ignore"):  # 0 / 0: the class is on neither side
        return {
            "dice": 2 * tp / (2 * tp + fp + fn),
            "iou": tp / (tp + fp + fn),
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "hd95": np.asarray(counts["hd95"], float),
            "surface_dice": np.asarray(counts["surface_dice"], float),
        }


def foreground_means(counts: Mapping[str, Array]) -> dict[str, float]:
    """Mean of each metric over the classes but the background, image by image, then over the images."""
    return {name: mean(mean(values[:, 1:], axis=1)) for name, values in ratios(counts).items()}


def mean(values: Array, axis: int | None = None) -> Any:
    """Mean over what is a number; NaN where nothing is."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=axis), known.sum(axis=axis)
    with np.errstate(invalid="ignore"):
        result = total / count
    return result if axis is not None else float(result)


def collapsed(counts: Mapping[str, Array]) -> bool:
    """Whether a model has given up: it finds one class alone in all images, or no object better than by chance."""
    tp, fp, fn = (np.asarray(counts[name], float).sum(axis=0) for name in ("tp", "fp", "fn"))
    if np.count_nonzero(tp + fp) < 2:
        return True
    present = (tp + fn)[1:] > 0
    dice = 2 * tp[1:] / np.maximum(2 * tp + fp + fn, 1)[1:]
    return bool(present.any() and dice[present].max() < 0.01)
