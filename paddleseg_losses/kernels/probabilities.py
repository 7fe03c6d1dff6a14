"""Probabilities of every pixel and class, by the kernel `native/pixelwise/probabilities.cpp`."""

from __future__ import annotations

from typing import Any

from paddle.autograd import PyLayer

from ..problem import Problem
from .buffer_pool import empty_like
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any


def probabilities(problem: Problem) -> Tensor:
    """Softmax over axis 1 or sigmoids of the logits, `[N, C, *S]`, 0 where a pixel is ignored."""
    return _Probabilities.apply(problem.scores, problem)


class _Probabilities(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem) -> Tensor:
        native = NativeProblem(problem)
        p = empty_like(native.scores)
        native.call(function("probabilities_forward"), p.data_ptr())
        ctx.save_for_backward(p)
        ctx.problem = problem.with_scores(None)
        return p

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,) = ctx.saved_tensor()
        upstream, grad = gradient.contiguous(), empty_like(p)
        backward = function("probabilities_backward")
        native = NativeProblem(ctx.problem.with_scores(p))
        native.call(backward, p.data_ptr(), upstream.data_ptr(), grad.data_ptr())
        return grad
