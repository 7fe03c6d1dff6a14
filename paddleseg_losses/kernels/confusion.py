"""Expected prices of confusions, summed over the pixels of each class, by the kernel `native/confusion.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .buffer_pool import empty_like
from .problem import Problem, function, refuse_second_derivatives

Tensor = Any


def confusion(logits: Tensor, labels: Tensor, ignore_index: int, matrix: Any) -> Tensor:
    """Sums `[N, C]` over the pixels of each class y of sum over k of matrix[y, k] p_k, p = softmax(logits).

    Args:
        logits: float32 `[N, C, *S]`.
        labels: `[N, 1, *S]`.
        ignore_index: label of pixels to leave out.
        matrix: prices `[C, C]`, rows the true class, 0 on the diagonal.
    """
    shape, channels = list(np.shape(matrix)), logits.shape[1]
    if shape != [channels, channels]:
        raise KernelError(f"A matrix of shape {shape}.", f"[{channels}, {channels}]", "one row and column a class")
    columns = np.ascontiguousarray(np.asarray(matrix).T, np.float32)
    return _Confusion.apply(logits, (labels, False, ignore_index), columns)


class _Confusion(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, columns: Any) -> Tensor:
        problem = Problem(logits, *rest)
        found = np.empty(problem.cells)
        problem.call(function("confusion_forward"), columns.ctypes.data, found.ctypes.data)
        ctx.save_for_backward(problem.logits)
        ctx.rest = rest, columns
        return paddle.to_tensor(found, dtype="float32")

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        (logits,), (rest, columns) = ctx.saved_tensor(), ctx.rest
        problem, found = Problem(logits, *rest), empty_like(logits)
        weights = np.ascontiguousarray(upstream.numpy(), np.float64)
        native = function("confusion_backward")
        problem.call(native, columns.ctypes.data, weights.ctypes.data, found.data_ptr())
        return found
