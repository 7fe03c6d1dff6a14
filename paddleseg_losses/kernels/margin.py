"""How far logits are below the largest one, by `native/pixelwise/margin.cpp`."""

from __future__ import annotations

import ctypes
from typing import Any

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives
from .pixelwise import scale

Tensor = Any


def margin_total(problem: Problem, margin: float, weight: Tensor | None = None, differentiable: bool = True) -> Tensor:
    """Sum over pixels of what logits are on average further below the largest than the margin, 0-D.

    Args:
        problem: each channel under a sigmoid is a problem of two classes.
        margin: at least 0.
        weight: of each pixel.
        differentiable: whether a gradient is wanted.
    """
    wanted = differentiable and not problem.scores.stop_gradient
    return _Margin.apply(problem.scores, problem, weight, margin, wanted)


class _Margin(Differentiable):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, problem: Problem, weight: Tensor | None, margin: float, wanted: bool
    ) -> Tensor:
        native = NativeProblem(problem, weight)
        value, ctx.gradient = _total(native, margin, wanted)
        native.save(ctx)
        ctx.margin = margin
        return tensor_of(value)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        grad, ctx.gradient = ctx.gradient, None  # given away once: its new owner may change it
        if grad is None:
            grad = _total(NativeProblem.saved(ctx), ctx.margin, True)[1]
        if float(upstream) != 1:
            scale(grad, float(upstream))
        return grad


def _total(native: NativeProblem, margin: float, wanted: bool) -> tuple[float, Tensor]:
    """The sum, and its gradient if that is wanted, else None."""
    grad: Tensor = empty_like(native.scores) if wanted else None
    total, place = ctypes.c_double(), grad.data_ptr() if wanted else None
    native.call(function("margin_forward"), float(margin), ctypes.byref(total), place)
    return total.value, grad
