"""Expected costs of confusions, summed over the pixels of each class, by `native/pixelwise/confusion.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..differentiable import Differentiable
from ..errors import KernelError
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any


def confusion_sums(problem: Problem, matrix: Any) -> Tensor:
    """Sums `[N, C]` over the pixels of each class y of sum over k of matrix[y, k] p_k, p = softmax(logits).

    Args:
        problem: multiclass; the gradient flows to its logits.
        matrix: costs `[C, C]`, rows the true class, 0 on the diagonal.
    """
    shape, channels = list(np.shape(matrix)), problem.channels
    if shape != [channels, channels]:
        raise KernelError(f"A matrix of shape {shape}.", f"[{channels}, {channels}]", "one row and column a class")
    columns = np.ascontiguousarray(np.asarray(matrix).T, np.float32)
    return _Confusion.apply(problem.scores, problem, columns)


class _Confusion(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, columns: Any) -> Tensor:
        native = NativeProblem(problem)
        sums = np.empty(native.cells)
        native.call(function("confusion_forward"), columns.ctypes.data, sums.ctypes.data)
        native.save(ctx)
        ctx.columns = columns
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        native = NativeProblem.saved(ctx)
        grad, weights = empty_like(native.scores), np.ascontiguousarray(upstream.numpy(), np.float64)
        native.call(function("confusion_backward"), ctx.columns.ctypes.data, weights.ctypes.data, grad.data_ptr())
        return grad
