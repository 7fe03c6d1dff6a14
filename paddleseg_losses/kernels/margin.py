"""How far logits are below the largest one, by `native/pixelwise/margin.cpp`."""

from __future__ import annotations

import ctypes
from typing import Any

import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives

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
        slope: Tensor = empty_like(logits) if wanted else None
        total, place = ctypes.c_double(), slope.data_ptr() if wanted else None
        run = function("margin_forward")
        NativeProblem(problem, weight).call(run, float(margin), ctypes.byref(total), place)
        if wanted:
            ctx.save_for_backward(slope)
        return tensor_of(total.value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (slope,) = ctx.saved_tensor()
        return paddle.scale(slope, float(gradient))
