"""Errors that survive erosions, and errors by balls, by the kernels `native/eroded.cpp` and `native/balls.cpp`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .memory import MOST, function, integers, reals
from .priced import scaled
from .problem import ADDRESS, POINTER, WHOLE, Problem, refuse_second_derivatives
from .recycled import empty_like

Tensor = Any

LARGEST = (64, 64, 48)  # radius of a ball in pixels, on 1, 2 and 3 axes: beyond, Fourier transforms are as fast


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
    keep = paddle.is_grad_enabled() and not p.stop_gradient  # else no slope is made
    return _MapSums.apply(p, (labels, sigmoid, ignore_index), first, ("eroded_forward", prices), keep)


def ball_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    radii: Sequence[float],
    prices: Sequence[float],
) -> Tensor:
    """Sums `[N, C]` of errors far from either boundary by balls; the arguments of `eroded_sums`.

    The cost grows with the number of lines that a ball crosses, that of a Fourier transform does not.
    """
    axes = len(p.shape) - 2
    largest = LARGEST[axes - 1] if 1 <= axes <= 3 else 0
    if not all(0 < radius <= largest for radius in radii) or len(prices) != len(radii):
        raise KernelError(f"Balls of radii {list(radii)} in {axes} axes.", f"radii up to {largest}", "compose them")
    keep = paddle.is_grad_enabled() and not p.stop_gradient
    return _MapSums.apply(p, (labels, sigmoid, ignore_index), first, ("balls_forward", radii, prices), keep)


class _MapSums(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, rest: Any, first: int, formula: Any, keep: bool) -> Tensor:
        problem, slope = Problem(p, *rest), empty_like(p) if keep else None
        space, sums = [int(size) for size in p.shape[2:]], np.empty(problem.cells)
        if not 1 <= len(space) <= 3 or math.prod(space) > MOST:
            raise KernelError(f"A map of {space} pixels.", f"1 to 3 axes and at most {MOST} pixels", "cut it up")
        name, *tables = formula
        native = function(
            name, POINTER, WHOLE, ADDRESS, *[ADDRESS] * len(tables), WHOLE, WHOLE, ADDRESS, ADDRESS, WHOLE
        )
        grid = (len(space), integers(space), *map(reals, tables), len(tables[0]))
        problem.call(native, *grid, first, sums.ctypes.data, None if slope is None else slope.data_ptr())
        ctx.save_for_backward(problem.logits)
        ctx.kept = rest, slope
        return paddle.to_tensor(sums, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,), (rest, slope) = ctx.saved_tensor(), ctx.kept
        return scaled(p, rest, gradient, slope)
