"""Probabilities of every pixel and class, by `source/probabilities.cu`; float32 whatever the logits are."""

from __future__ import annotations

from typing import Any

from ...differentiable import Differentiable
from ...problem import Problem
from .. import signatures
from ..native_problem import refuse_second_derivatives
from ..unfilled import unfilled
from .cuda_problem import CudaProblem
from .device import launch
from .maps import THREADS, blocks, maps_of

Tensor = Any

SIGN = signatures.enums()["Sign"]


def probabilities(problem: Problem, signed: bool = False) -> Tensor:
    """The same as the native ones."""
    return _Probabilities.apply(problem.scores, problem, SIGN["SIGN_IN_OWN_CLASS" if signed else "NO_SIGN"])


def folded_probabilities(problem: Problem) -> Tensor:
    """The same as the native ones."""
    return _Probabilities.apply(problem.scores, problem, SIGN["SIGN_IN_EVERY_CLASS"])


class _Probabilities(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, sign: int) -> Tensor:
        here = CudaProblem(problem)
        p = unfilled(logits.shape, "float32")
        name = f"probabilities_{here.scalar}"
        launch(name, here.planes * blocks(here.s), THREADS, 0, maps_of(here), here.scores, sign, p)
        here.save(ctx)
        return p

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        here, upstream = CudaProblem.saved(ctx), gradient.contiguous()
        grad = unfilled(here.scores.shape, here.scores.dtype)
        name = f"probabilities_gradient_{here.scalar}"
        launch(name, here.planes * blocks(here.s), THREADS, 0, maps_of(here), here.scores, upstream, grad)
        return grad
