"""Probabilities of every pixel and class, by the kernel `native/pixelwise/probabilities.cpp`."""

from __future__ import annotations

from typing import Any

from ..differentiable import Differentiable
from ..problem import Problem
from . import signatures
from .buffer_pool import empty_like
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any

SIGN = signatures.enums()["Sign"]


def probabilities(problem: Problem, signed: bool = False) -> Tensor:
    """Softmax over axis 1 or sigmoids, `[N, C, *S]`, 0 where a pixel is ignored; signed as `Inputs.signed_prob`."""
    return _Probabilities.apply(problem.scores, problem, SIGN["SIGN_IN_OWN_CLASS" if signed else "NO_SIGN"])


def folded_probabilities(problem: Problem) -> Tensor:
    """The same as `Inputs.folded_prob`."""
    return _Probabilities.apply(problem.scores, problem, SIGN["SIGN_IN_EVERY_CLASS"])


class _Probabilities(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, sign: int) -> Tensor:
        native = NativeProblem(problem)
        p = empty_like(native.scores)
        native.call(function("probabilities_forward"), sign, p.data_ptr())
        native.save(ctx)
        return p

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        native, upstream = NativeProblem.saved(ctx), gradient.contiguous()
        grad = empty_like(native.scores)
        native.call(function("probabilities_backward"), upstream.data_ptr(), grad.data_ptr())
        return grad
