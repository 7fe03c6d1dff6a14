"""Sums of errors priced by distance maps, by the kernel `native/priced.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .edt import checked_spacing
from .memory import REAL, address, function, integers, reals
from .problem import ADDRESS, POINTER, WHOLE, Problem, refuse_second_derivatives
from .recycled import empty_like

Tensor = Any
Known = tuple[Tensor, Callable[[], None]]

_FORWARD = (POINTER, WHOLE, ADDRESS, ADDRESS, REAL, REAL, WHOLE, WHOLE, WHOLE, *[ADDRESS] * 4, WHOLE)


def hausdorff_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    spacing: Sequence[float] | None,
    alpha: float,
    one_sided: bool,
    known: Known | None = None,
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
        known: signed distances of the truth, float32 `[N, C - first, *S]`, which are used if they fit the labels,
            and what to call then.
    """
    return _Priced.apply(p, (labels, sigmoid, ignore_index), first, spacing, (alpha, 0, int(one_sided)), known)


def boundary_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    spacing: Sequence[float] | None,
    known: Known | None = None,
) -> Tensor:
    """Sums `[N, C]` of p times the signed distance to the true region; the arguments of `hausdorff_sums`."""
    return _Priced.apply(p, (labels, sigmoid, ignore_index), first, spacing, (1.0, 1, 1), known)


class _Priced(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, rest: Any, first: int, spacing: Any, price: Any, known: Known | None) -> Tensor:
        problem, slope = Problem(p, *rest), empty_like(p)
        space, sums = [int(size) for size in p.shape[2:]], np.empty(problem.cells)
        steps = checked_spacing(spacing, space)
        native = function("priced_forward", *_FORWARD)
        price = (float(price[0]), min(steps or (1.0,)), *price[1:])
        grid = (len(space), integers(space), reals(steps))
        fits, found = np.zeros(1, np.int32), (sums.ctypes.data, slope.data_ptr())
        if known is not None:
            maps, shape = known[0].contiguous(), [problem.cells[0], problem.cells[1] - first, *space]
            place = address(maps, "known maps", shape, paddle.float32)
            problem.call(native, *grid, *price, first, place, fits.ctypes.data, *found)
        if fits[0] and known is not None:
            known[1]()
        else:
            problem.call(native, *grid, *price, first, None, fits.ctypes.data, *found)
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
    problem, found = Problem(p, *rest), empty_like(p)
    upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
    native = function("priced_backward", POINTER, ADDRESS, ADDRESS, ADDRESS, WHOLE)
    problem.call(native, upstream.ctypes.data, slope.data_ptr(), found.data_ptr())
    return found
