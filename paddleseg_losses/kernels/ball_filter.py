"""Sums of errors far from a boundary by balls, by the kernel `native/ball_filter.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import KernelError
from .ctypes_args import grid, reals
from .map_sums import map_sums
from .problem import Problem, function

Tensor = Any

LARGEST = (64, 64, 48)  # radius of a ball in pixels, on 1, 2 and 3 axes: beyond, Fourier transforms are as fast


def ball_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    radii: Sequence[float],
    prices: Sequence[float],
) -> Tensor:
    """Sums `[N, C]` of errors far from either boundary by balls.

    The cost grows with the number of lines that a ball crosses, that of a Fourier transform does not.

    Args:
        p: probabilities, float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        first: channels before it are left out, their sums are 0.
        radii: of the balls, in pixels.
        prices: one for each radius.
    """
    image = grid(p.shape[2:], numbered=True)
    largest = LARGEST[image[0] - 1]
    if not all(0 < radius <= largest for radius in radii) or len(prices) != len(radii):
        raise KernelError(f"Balls of radii {list(radii)} in {image[0]} axes.", f"radii up to {largest}", "compose them")

    def fill(problem: Problem, sums: int, slope: Any) -> None:
        tables = (reals(radii), reals(prices), len(radii))
        problem.call(function("ball_filter_forward"), *image, *tables, first, sums, slope)

    return map_sums(p, labels, sigmoid, ignore_index, fill)
