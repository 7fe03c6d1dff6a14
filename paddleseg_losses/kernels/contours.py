"""Boundaries of true and decided regions, by the kernel `native/distance/contours.cpp`; it has no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..problem import Problem
from .ctypes_args import grid, reals
from .edt import checked_spacing
from .native_problem import NativeProblem, function
from .unfilled import unfilled

Tensor = Any


def boundary_counts(problem: Problem) -> Any:
    """How many pixels of each class have a direct neighbour outside it, NumPy int64 `[N, C]`; only labels are read."""
    image, native = grid(problem.space, numbered=True), NativeProblem(problem)
    counts = np.empty(native.cells, np.int64)
    native.call(function("contours_boundary_counts"), *image, counts.ctypes.data)
    return counts


def contour_errors(problem: Problem, spacing: Sequence[float] | None) -> Tensor:
    """How far the decided boundaries lie from the true ones, where the decision is wrong; else 0.

    Args:
        problem: the largest score decides; where each channel is a problem of its own, scores are probabilities, and
            above 0.5 decides.
        spacing: size of a pixel along each axis; 1 if None.

    Returns:
        float32 of the labels' shape; the mean over the classes from 1 on of which both boundaries exist.
    """
    steps = checked_spacing(spacing, problem.space)
    padded = None if steps is None else [1.0] * (3 - len(steps)) + list(steps)
    run = function("contours_surface_distances")
    image, out = grid(problem.space, numbered=True), unfilled(problem.labels.shape, "float32")
    NativeProblem(problem).call(run, *image, reals(padded), out.data_ptr())
    return out
