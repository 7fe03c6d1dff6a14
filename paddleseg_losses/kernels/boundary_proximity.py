"""How near each pixel is to the boundary of its region, by `native/distance/boundary_proximity.cpp`; no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..problem import Problem
from .ctypes_args import grid, reals
from .edt import checked_spacing
from .native_problem import NativeProblem, function
from .unfilled import unfilled

Tensor = Any


def region_proximity(problem: Problem, normalize: bool, spacing: Sequence[float] | None) -> Tensor:
    """Inverted depth in the region that each pixel belongs to: largest on the boundary, 0 at the deepest pixel.

    Args:
        problem: its scores are not read.
        normalize: whether the boundary is 1, else distances are kept.
        spacing: size of a pixel along each axis; 1 if None.

    Returns:
        float32 of the labels' shape.
    """
    run = function("boundary_proximity")
    steps, image = reals(checked_spacing(spacing, problem.space)), grid(problem.space, numbered=True)
    out = unfilled(problem.labels.shape, "float32")
    NativeProblem(problem).call(run, *image, steps, int(normalize), out.data_ptr())
    return out
