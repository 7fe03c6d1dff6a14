"""Sums of errors priced by distance maps, by the kernel `native/priced.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .edt import checked_spacing
from .memory import REAL, function, integers, reals
from .problem import ADDRESS, POINTER, WHOLE, Problem, refuse_second_derivatives

Tensor = Any

_FORWARD = (POINTER, WHOLE, ADDRESS, ADDRESS, REAL, REAL, WHOLE, WHOLE, WHOLE, ADDRESS, ADDRESS, WHOLE)


def hausdorff_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    spacing: Sequence[float] | None,
    alpha: float,
    one_sided: bool,
) -> Tensor:
    """Sums `[N, C]` of (p - g)^2 (d_g^alpha + d_p^alpha) over the valid pixels.

    Args:
        p: probabilities, float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        first: channels before it are left out, their sums are 0.
        spacing: size of a pixel along each axis; 1 if None.
        alpha: exponent of the distances.
        one_sided: whether the map of the truth alone counts.
    """
    return _Priced.apply(p, (labels, sigmoid, ignore_index), first, spacing, (alpha, 0, int(one_sided)))


def boundary_sums(
    p: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, first: int, spacing: Sequence[float] | None
) -> Tensor:
    """Sums `[N, C]` of p times the signed distance to the true region; the arguments of `hausdorff_sums`."""
    return _Priced.apply(p, (labels, sigmoid, ignore_index), first, spacing, (1.0, 1, 1))


class _Priced(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, rest: Any, first: int, spacing: Any, price: Any) -> Tensor:
        problem, slope = Problem(p, *rest), paddle.empty_like(p)
        space, sums = [int(size) for size in p.shape[2:]], np.empty(problem.cells)
        steps = checked_spacing(spacing, space)
        native = function("priced_forward", *_FORWARD)
        price = (float(price[0]), min(steps or (1.0,)), *price[1:])
        grid = (len(space), integers(space), reals(steps))
        problem.call(native, *grid, *price, first, sums.ctypes.data, slope.data_ptr())
        ctx.save_for_backward(problem.logits)
        ctx.kept = rest, slope
        return paddle.to_tensor(sums, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,), (rest, slope) = ctx.saved_tensor(), ctx.kept
        return scaled(p, rest, gradient, slope)


def scaled(p: Tensor, rest: Any, gradient: Tensor, slope: Tensor) -> Tensor:
    """The slope of each cell's sum, times the gradient of that sum."""
    problem, found = Problem(p, *rest), paddle.empty_like(p)
    upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
    native = function("priced_backward", POINTER, ADDRESS, ADDRESS, ADDRESS, WHOLE)
    problem.call(native, upstream.ctypes.data, slope.data_ptr(), found.data_ptr())
    return found
