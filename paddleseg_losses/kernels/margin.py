"""How far logits are below the largest one, by `native/pixelwise/margin.cpp`."""

from __future__ import annotations

from typing import Any

from ..problem import Problem
from .native_problem import NativeProblem, function
from .one_pass import one_pass

Tensor = Any


def margin_total(problem: Problem, margin: float, weight: Tensor | None = None, differentiable: bool = True) -> Tensor:
    """Sum over pixels of what logits are on average further below the largest than the margin, 0-D.

    Args:
        problem: each channel under a sigmoid is a problem of two classes.
        margin: at least 0.
        weight: of each pixel.
        differentiable: whether a gradient is wanted.
    """

    def call(native: NativeProblem, total: Any, gradient: Any) -> None:
        native.call(function("margin_forward"), float(margin), total, gradient)

    return one_pass(problem, weight, differentiable, call)
