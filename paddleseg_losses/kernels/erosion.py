"""Sums of errors that survive erosions, by the kernel `native/erosion.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..problem import Problem
from .ctypes_args import function, grid, reals
from .map_sums import map_sums
from .native_problem import ADDRESS, POINTER, WHOLE, NativeProblem

Tensor = Any

_FORWARD = (POINTER, WHOLE, ADDRESS, ADDRESS, WHOLE, WHOLE, ADDRESS, ADDRESS, WHOLE)


def erosion_sums(problem: Problem, skip: int, weights: Sequence[float]) -> Tensor:
    """Sums `[N, C]` of weight_k E_k over the valid pixels and over k = 1 ... K, E_k the errors after k erosions.

    Args:
        problem: scored by probabilities, to which the gradient flows.
        skip: channels before it are left out, their sums are 0.
        weights: one for each erosion.
    """
    image = grid(problem.space, numbered=True)

    def run(native: NativeProblem, sums: int, slope: Any) -> None:
        native.call(function("eroded_forward", *_FORWARD), *image, reals(weights), len(weights), skip, sums, slope)

    return map_sums(problem, run)
