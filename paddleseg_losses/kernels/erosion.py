"""Sums of errors that survive erosions, by the kernel `native/erosion.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .ctypes_args import grid, reals
from .map_sums import map_sums
from .problem import Problem, function

Tensor = Any


def eroded_sums(
    p: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, first: int, prices: Sequence[float]
) -> Tensor:
    """Sums `[N, C]` of price_k E_k over the valid pixels and over k = 1 ... K, E_k the errors after k erosions.

    Args:
        p: probabilities, float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        first: channels before it are left out, their sums are 0.
        prices: one for each erosion.
    """
    image = grid(p.shape[2:], numbered=True)

    def fill(problem: Problem, sums: int, slope: Any) -> None:
        problem.call(function("erosion_forward"), *image, reals(prices), len(prices), first, sums, slope)

    return map_sums(p, labels, sigmoid, ignore_index, fill)
