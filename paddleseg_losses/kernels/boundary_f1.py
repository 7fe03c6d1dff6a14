"""Precision and recall of soft boundaries, by the kernel `native/neighbourhood/boundary_f1.cpp`."""

from __future__ import annotations

from typing import Any

from ..problem import Problem
from .ctypes_args import grid
from .map_sums import map_sums
from .native_problem import NativeProblem, function

Tensor = Any


def boundary_f1_errors(problem: Problem, skip: int, width: int, reach: int, smooth: float) -> Tensor:
    """1 - the F1 score of the boundaries, `[N, C]`.

    Args:
        problem: scored by folded probabilities, to which the gradient flows.
        skip: channels before it are left out, they are 0.
        width: pixels to each side in the square or cube in which a boundary has a pixel that is outside.
        reach: the same in that in which it is found.
        smooth: added to numerators and denominators.
    """
    image = grid(problem.space, numbered=True)

    def run(native: NativeProblem, errors: int, slope: Any) -> None:
        native.call(function("boundary_f1_forward"), *image, width, reach, smooth, skip, errors, slope)

    return map_sums(problem, run)
