"""Lengths of predicted boundaries and errors of regions, by the kernel `native/neighbourhood/active_contour.cpp`."""

from __future__ import annotations

from typing import Any

from ..problem import Problem
from .ctypes_args import grid
from .map_sums import map_sums
from .native_problem import NativeProblem, function

Tensor = Any


def active_contour_errors(
    problem: Problem, skip: int, length: float, region: float, eps: float, exclusive: bool = True
) -> Tensor:
    """The weighted sum of the length of the boundary and the error of the region, `[N, C]`.

    Args:
        problem: scored by folded probabilities, to which the gradient flows.
        skip: channels before it are left out, they are 0.
        length: weight of the length.
        region: weight of the error.
        eps: added under the root.
        exclusive: whether the probabilities of a softmax sum to 1; given ones may miss it.
    """
    image = grid(problem.space, numbered=True)

    def run(native: NativeProblem, errors: int, slope: Any) -> None:
        native.call(
            function("active_contour_forward"), *image, length, region, eps, int(exclusive), skip, errors, slope
        )

    return map_sums(problem, run)
