"""Sums of errors far from a boundary by balls, by the kernel `native/neighbourhood/ball_filter.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import KernelError
from ..problem import Problem
from .ctypes_args import grid, reals
from .map_sums import map_sums
from .native_problem import NativeProblem, function

Tensor = Any

LARGEST = (64, 64, 48)  # radius of a ball in pixels, on 1, 2 and 3 axes: beyond, Fourier transforms are as fast


def ball_filter_sums(problem: Problem, skip: int, radii: Sequence[float], weights: Sequence[float]) -> Tensor:
    """Sums `[N, C]` of errors far from either boundary by balls.

    The cost grows with the number of lines that a ball crosses, that of a Fourier transform does not.

    Args:
        problem: scored by signed probabilities, to which the gradient flows.
        skip: channels before it are left out, their sums are 0.
        radii: of the balls, in pixels.
        weights: one for each radius.
    """
    image = grid(problem.space, numbered=True)
    largest = LARGEST[image[0] - 1]
    if not all(0 < radius <= largest for radius in radii) or len(weights) != len(radii):
        raise KernelError(f"Balls of radii {list(radii)} in {image[0]} axes.", f"radii up to {largest}", "compose them")

    def run(native: NativeProblem, sums: int, slope: Any) -> None:
        tables = (reals(radii), reals(weights), len(radii))
        native.call(function("ball_filter_forward"), *image, *tables, skip, sums, slope)

    return map_sums(problem, run)
