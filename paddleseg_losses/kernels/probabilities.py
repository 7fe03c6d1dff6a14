"""Probabilities of every pixel and class, by the kernel `native/probabilities.cpp`."""

from __future__ import annotations

from typing import Any

from paddle.autograd import PyLayer

from .buffer_pool import empty_like
from .problem import Problem, function, refuse_second_derivatives

Tensor = Any


def probabilities(logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int) -> Tensor:
    """Softmax over axis 1 or sigmoids `[N, C, *S]`, 0 where a pixel is ignored; the arguments of `Problem`."""
    return _Probabilities.apply(logits, (labels, sigmoid, ignore_index))


class _Probabilities(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any) -> Tensor:
        problem = Problem(logits, *rest)
        found = empty_like(problem.logits)
        problem.call(function("probabilities_forward"), found.data_ptr())
        ctx.save_for_backward(found)
        ctx.rest = rest
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,) = ctx.saved_tensor()
        problem, upstream, found = Problem(p, *ctx.rest), gradient.contiguous(), empty_like(p)
        native = function("probabilities_backward")
        problem.call(native, p.data_ptr(), upstream.data_ptr(), found.data_ptr())
        return found
