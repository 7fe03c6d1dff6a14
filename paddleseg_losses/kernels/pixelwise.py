"""Values of single pixels, functions of their error, and the values' sum, by `native/pixelwise/pixelwise.cpp`."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty, empty_like, tensor_of
from .error_sums import SumSpec, as_array, as_table, gradient
from .loader import threads
from .native_problem import NativeProblem, function, refuse_second_derivatives

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
    wanted = differentiable and not problem.scores.stop_gradient
    return _Total.apply(problem.scores, problem, weight, as_array(specs), coefficients, wanted)


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


class _Total(Differentiable):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, problem: Problem, weight: Tensor | None, specs: Any, coefficients: Any, wanted: bool
    ) -> Tensor:
        native = NativeProblem(problem, weight)
        table = as_table(coefficients, native, specs)
        value, ctx.gradient = _total(native, specs, table, wanted)
        native.save(ctx)
        ctx.kept = specs, table
        return tensor_of(value)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        grad, ctx.gradient = ctx.gradient, None  # given away once: its new owner may change it
        if grad is None:
            specs, table = ctx.kept
            grad = _total(NativeProblem.saved(ctx), specs, table, True)[1]
        if float(upstream) != 1:
            scale(grad, float(upstream))
        return grad


def _total(native: NativeProblem, specs: Any, table: Any, wanted: bool) -> tuple[float, Tensor]:
    """The sum, and its gradient if that is wanted, else None."""
    grad: Tensor = empty_like(native.scores) if wanted else None
    total, place = ctypes.c_double(), grad.data_ptr() if wanted else None
    run = function("pixelwise_total")
    native.call(run, specs, len(specs), table.ctypes.data, place, ctypes.byref(total))
    return total.value, grad


def scale(x: Tensor, factor: float) -> None:
    """Multiply a contiguous float32 tensor in place."""
    run = function("pixelwise_scale")
    size = math.prod(x.shape)
    run(x.data_ptr(), size, factor, threads(size))
