"""Values of single pixels, functions of their error, and the values' sum, by `native/pixelwise/pixelwise.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty
from .error_sums import SumSpec, as_array, as_table, gradient
from .native_problem import NativeProblem, function
from .one_pass import one_pass

Tensor = Any


def pixel_values(problem: Problem, specs: Sequence[SumSpec], coefficients: Sequence[tuple[Any, float]]) -> Tensor:
    """Functions of each pixel's error, added with coefficients of its label.

    Args:
        problem: scored by logits, with labels that are no soft targets.
        specs: which functions; under a softmax of the pixels of each class alone.
        coefficients: of each function a number or a tensor `[N or 1, C]`, times a number.

    Returns:
        `[N, 1, *S]` under a softmax, `[N, C, *S]` under a sigmoid, 0 where ignored; gradients flow through it.
    """
    return _Values.apply(problem.scores, problem, as_array(specs), as_columns(coefficients))


def as_columns(coefficients: Sequence[tuple[Any, float]]) -> Any:
    """Coefficients as one array: `[specs]`, or `[N or 1, C, specs]`."""
    columns = [(x.numpy().astype(np.float64) if paddle.is_tensor(x) else x) * factor for x, factor in coefficients]
    return np.stack(np.broadcast_arrays(*columns), axis=-1) if any(map(np.ndim, columns)) else np.array(columns)


def pixel_total(
    problem: Problem,
    specs: Sequence[SumSpec],
    coefficients: Any,
    weight: Tensor | None = None,
    differentiable: bool = True,
) -> Tensor:
    """The sum of `pixel_values`, each times its pixel's weight, 0-D; one pass makes it and, if wanted, its gradient."""
    functions = as_array(specs)

    def call(native: NativeProblem, total: Any, gradient: Any) -> None:
        table = as_table(coefficients, native, functions)
        native.call(function("pixelwise_total"), functions, len(functions), table.ctypes.data, gradient, total)

    return one_pass(problem, weight, differentiable, call)


class _Values(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, specs: Any, coefficients: Any) -> Tensor:
        native = NativeProblem(problem)
        values, table = empty(native.labels.shape), as_table(coefficients, native, specs)
        forward = function("pixelwise_values")
        native.call(forward, specs, len(specs), table.ctypes.data, values.data_ptr())
        ctx.save_for_backward(native.scores)
        ctx.kept = problem.with_scores(None), specs, table
        return values

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (logits,), (problem, specs, table) = ctx.saved_tensor(), ctx.kept
        # The gradient of a value is the weight of its sum.
        return gradient(NativeProblem(problem.with_scores(logits), upstream), specs, table)
