"""A number and its gradient from one pass over the logits."""

from __future__ import annotations

import ctypes
import math
from typing import Any, Callable

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .loader import threads
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any
Call = Callable[[NativeProblem, Any, Any], None]  # writes the number at one address, the gradient at another or nowhere


def one_pass(problem: Problem, weight: Tensor | None, differentiable: bool, call: Call) -> Tensor:
    """What a kernel makes of the logits, 0-D, with a gradient if one is wanted.

    Args:
        problem: scored by logits.
        weight: of each pixel.
        differentiable: whether gradients are enabled.
        call: runs the kernel.
    """
    wanted = differentiable and not problem.scores.stop_gradient
    return _OnePass.apply(problem.scores, problem, weight, call, wanted)


class _OnePass(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, weight: Tensor | None, call: Call, wanted: bool) -> Tensor:
        native = NativeProblem(problem, weight)
        value, ctx.gradient = _run(native, call, wanted)
        native.save(ctx)
        ctx.call = call
        return tensor_of(value)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        grad, ctx.gradient = ctx.gradient, None  # given away once: its new owner may change it
        if grad is None:
            grad = _run(NativeProblem.saved(ctx), ctx.call, True)[1]
        if float(upstream) != 1:
            _scale(grad, float(upstream))
        return grad


def _run(native: NativeProblem, call: Call, wanted: bool) -> tuple[float, Tensor]:
    """The number, and its gradient if that is wanted, else None."""
    grad: Tensor = empty_like(native.scores) if wanted else None
    total = ctypes.c_double()
    call(native, ctypes.byref(total), grad.data_ptr() if wanted else None)
    return total.value, grad


def _scale(x: Tensor, factor: float) -> None:
    """Multiply a contiguous float32 tensor in place."""
    size = math.prod(x.shape)
    function("pixelwise_scale")(x.data_ptr(), size, factor, threads(size))
