"""Boundaries that move towards the true ones, by the kernel `native/neighbourhood/active_boundary.cpp`."""

from __future__ import annotations

import ctypes
from typing import Any

import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .ctypes_args import grid
from .native_problem import NativeProblem, function, refuse_second_derivatives
from .pixelwise import scale

Tensor = Any
Options = tuple[float, float, float]


def active_boundary_mean(problem: Problem, ratio: float, max_distance: float, smoothing: float) -> Tensor:
    """Mean over the predicted boundary of the cross entropies that pull it, 0-D.

    Args:
        problem: each channel under a sigmoid is a problem of two classes.
        ratio: share of the pixels of an image that its boundary starts from.
        max_distance: from the true boundary, in pixels, from which pixels count fully.
        smoothing: share of the target that is spread over all neighbours.
    """
    logits = problem.scores
    wanted = paddle.is_grad_enabled() and not logits.stop_gradient  # not known any more inside `forward`
    return _ActiveBoundary.apply(logits, problem, (ratio, max_distance, smoothing), wanted)


class _ActiveBoundary(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, options: Options, wanted: bool) -> Tensor:
        native, ctx.kept = NativeProblem(problem), (*grid(problem.space, numbered=True), *options)
        value, ctx.gradient = _mean(native, ctx.kept, wanted)
        native.save(ctx)
        return tensor_of(value)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        grad, ctx.gradient = ctx.gradient, None  # given away once: its new owner may change it
        if grad is None:
            grad = _mean(NativeProblem.saved(ctx), ctx.kept, True)[1]
        if float(upstream) != 1:
            scale(grad, float(upstream))
        return grad


def _mean(native: NativeProblem, options: tuple[Any, ...], wanted: bool) -> tuple[float, Tensor]:
    """The mean, and its gradient if that is wanted, else None."""
    grad: Tensor = empty_like(native.scores) if wanted else None
    total, place = ctypes.c_double(), grad.data_ptr() if wanted else None
    native.call(function("active_boundary_forward"), *options, ctypes.byref(total), place)
    return total.value, grad
