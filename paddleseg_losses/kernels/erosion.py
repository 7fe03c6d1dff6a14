"""Sums of errors that survive erosions, by the kernel `native/neighbourhood/erosion.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..problem import Problem
from .ctypes_args import grid, reals
from .map_sums import map_sums
from .native_problem import NativeProblem, function

Tensor = Any


def erosion_sums(problem: Problem, skip: int, weights: Sequence[float]) -> Tensor:
    """Sums `[N, C]` of weight_k E_k over the valid pixels and over k = 1 ... K, E_k the errors after k erosions.

    Args:
        problem: scored by signed probabilities, to which the gradient flows.
        skip: channels before it are left out, their sums are 0.
        weights: one for each erosion.
    """
    image = grid(problem.space, numbered=True)

    def run(native: NativeProblem, sums: int, slope: Any) -> None:
        native.call(function("erosion_forward"), *image, reals(weights), len(weights), skip, sums, slope)

    return map_sums(problem, run)
