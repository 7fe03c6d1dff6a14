"""Scores of one image: counts of pixels, distances between boundaries, and skeletons.

Conventions. A boundary is the pixels of a mask that a 4-connected erosion removes (6-connected in 3-D); outside the
image is background. `hd95` is the larger of the two directed 95th percentiles. A class that only one side holds costs
the diagonal of the image and has a surface Dice and a clDice of 0; a class that neither holds is NaN: left out of
every mean. `cldice` is the harmonic mean of the shares of each skeleton that lie in the other mask.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from .errors import MissingDependencyError
from .i18n import Text, _

TITLES: dict[str, Text] = {
    "dice": "Dice",
    "iou": "IoU",
    "sensitivity": _("sensitivity"),
    "specificity": _("specificity"),
    "hd95": "HD95",
    "surface_dice": _("surface Dice"),
    "cldice": "clDice",
    "auc_roc": "AUC",
}
METRICS = ("dice", "iou", "sensitivity", "specificity", "hd95", "surface_dice")  # that nobody asks for
TOLERANCE = 1.0  # of the surface Dice, in the unit of the spacing: pixels, if there is none

Array = Any


def score_image(
    prediction: Array,
    truth: Array,
    classes: int,
    ignore_index: int | None = 255,
    spacing: Sequence[float] = (),
    *,
    distances: bool = True,
    cldice: bool = False,
) -> dict[str, Array]:
    """Counts and distances for every class of one image.

    Args:
        prediction: class indices `[*S]`.
        truth: class indices `[*S]`.
        classes: their number.
        ignore_index: pixels that do not count. Nothing is predicted there, and nothing is true.
        spacing: length of a pixel along each axis; 1 by default.
        distances: whether to measure between the boundaries.
        cldice: whether to score the skeletons too.

    Returns:
        `tp`, `fp`, `fn`, `tn`, and as asked for `hd95`, `surface_dice` and `cldice`, each `[classes]`.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    masks = ((prediction == c, truth == c) for c in range(classes))
    valid = truth != ignore_index
    return _together(score_mask(*pair, valid, spacing, distances=distances, cldice=cldice) for pair in masks)


def score_channels(
    prediction: Array, truth: Array, ignore_index: int | None = 255, *, distances: bool = True, cldice: bool = False
) -> dict[str, Array]:
    """The same for classes that do not exclude each other: channels of 0 and 1, `[C, *S]`."""
    pairs = zip(np.asarray(prediction), np.asarray(truth))
    return _together(
        score_mask(p == 1, t == 1, t != ignore_index, distances=distances, cldice=cldice) for p, t in pairs
    )


def score_mask(
    guessed: Array,
    true: Array,
    valid: Array,
    spacing: Sequence[float] = (),
    *,
    distances: bool = True,
    cldice: bool = False,
) -> dict[str, float]:
    """Counts and distances of one class, from masks `[*S]`."""
    guessed, true = guessed & valid, true & valid
    tp, fp, fn = (int(np.count_nonzero(m)) for m in (guessed & true, guessed & ~true, true & ~guessed))
    scores: dict[str, float] = {"tp": tp, "fp": fp, "fn": fn, "tn": int(np.count_nonzero(valid)) - tp - fp - fn}
    if distances:
        measured = boundary_scores(guessed, true, tuple(spacing) or (1.0,) * true.ndim)
        scores.update(zip(("hd95", "surface_dice"), measured))
    return {**scores, "cldice": skeleton_score(guessed, true)} if cldice else scores


def _together(scores: Iterable[Mapping[str, float]]) -> dict[str, Array]:
    """A dictionary of arrays: counts stay integers."""
    each = list(scores)
    return {name: np.array([score[name] for score in each]) for name in each[0]}


def boundary_scores(guessed: Array, true: Array, spacing: Sequence[float]) -> tuple[float, float]:
    """Distance within which 95 % of the boundaries lie, and share of the boundaries within the tolerance."""
    if not guessed.any() and not true.any():
        return math.nan, math.nan
    if not guessed.any() or not true.any():
        return math.hypot(*((n - 1) * s for n, s in zip(true.shape, spacing))), 0.0
    box = ndimage.find_objects((guessed | true).astype(np.int8))[0]  # everything happens inside it
    a, b = (np.argwhere(_boundary(mask[box])) * spacing for mask in (guessed, true))
    there, back = cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]
    near = np.count_nonzero(there <= TOLERANCE) + np.count_nonzero(back <= TOLERANCE)
    return float(max(np.percentile(there, 95), np.percentile(back, 95))), near / (there.size + back.size)


def _boundary(mask: Array) -> Array:
    """What SciPy's `binary_erosion` takes away, in a tenth of its time."""
    padded = np.pad(mask, 1)
    inner = mask.copy()
    for axis in range(mask.ndim):
        for step in (0, 2):
            place = [slice(1, -1)] * mask.ndim
            place[axis] = slice(step, step + mask.shape[axis])
            inner &= padded[tuple(place)]
    return mask & ~inner


def skeleton_score(guessed: Array, true: Array) -> float:
    """The clDice of Shit et al. 2021, with skeletons of scikit-image."""
    if not guessed.any() and not true.any():
        return math.nan
    if not guessed.any() or not true.any():
        return 0.0
    box = ndimage.find_objects((guessed | true).astype(np.int8))[0]
    guessed, true = guessed[box], true[box]
    pairs = (guessed, true), (true, guessed)
    precision, sensitivity = (float(other[_skeleton(mask)].mean()) for mask, other in pairs)
    return 2 * precision * sensitivity / (precision + sensitivity) if precision + sensitivity else 0.0


def _skeleton(mask: Array) -> Array:
    try:
        from skimage.morphology import skeletonize
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="scikit-image", error=error),
            _("scikit-image, for the skeletons of clDice"),
            'pip install "paddleseg-losses[paddleseg]"',
        ) from error
    inside = (slice(1, -1),) * mask.ndim
    return np.asarray(skeletonize(np.pad(mask, 1)), bool)[inside]


def pooled(counts: Mapping[str, Array]) -> dict[str, Array]:
    """The metrics that are made of counts, over the pixels of all images: `[classes]`."""
    sums = {name: np.asarray(counts[name], float).sum(axis=0) for name in ("tp", "fp", "fn", "tn")}
    return _ratios_of_counts(**sums)


def ratios(counts: Mapping[str, Array]) -> dict[str, Array]:
    """Every metric by image and class, from what `score_image` gives for each image: `[images, classes]`."""
    numbers = {name: np.asarray(values, float) for name, values in counts.items()}
    result = _ratios_of_counts(*(numbers[name] for name in ("tp", "fp", "fn", "tn")))
    return {**result, **{name: values for name, values in numbers.items() if name in TITLES}}


def _ratios_of_counts(tp: Array, fp: Array, fn: Array, tn: Array) -> dict[str, Array]:
    with np.errstate(invalid="ignore"):  # 0 / 0: the class is on neither side
        return {
            "dice": 2 * tp / (2 * tp + fp + fn),
            "iou": tp / (tp + fp + fn),
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
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
