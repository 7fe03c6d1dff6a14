"""What labels and decisions say of the rims of regions, by the kernel `native/contours.cpp`; it has no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from .ctypes_args import grid, reals
from .edt import checked_spacing
from .problem import Problem, function

Tensor = Any


def rim_counts(logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int) -> Any:
    """How many pixels of each class have a direct neighbour outside it, NumPy int64 `[N, C]`.

    The arguments are those of `Problem`; only labels are read.
    """
    counts = np.empty(logits.shape[:2], np.int64)
    native = function("contours_boundary_counts")
    image = grid(logits.shape[2:], numbered=True)
    Problem(logits, labels, sigmoid, ignore_index).call(native, *image, counts.ctypes.data)
    return counts


def contour_errors(
    scores: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, spacing: Sequence[float] | None
) -> Tensor:
    """How far the decided rims lie from the true ones, where the decision is wrong; else 0.

    Args:
        scores: float32 `[N, C, *S]`, the largest decides; under a sigmoid probabilities, and above 0.5 decides.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        spacing: size of a pixel along each axis; 1 if None.

    Returns:
        float32 of the labels' shape; the mean over the classes from 1 on of which both rims exist.
    """
    steps = checked_spacing(spacing, scores.shape[2:])
    padded = None if steps is None else [1.0] * (3 - len(steps)) + list(steps)
    native = function("contours_surface_distances")
    image, out = grid(scores.shape[2:], numbered=True), paddle.empty(labels.shape, "float32")
    Problem(scores, labels, sigmoid, ignore_index).call(native, *image, reals(padded), out.data_ptr())
    return out
