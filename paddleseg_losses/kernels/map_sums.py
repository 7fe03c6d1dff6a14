"""Sums over maps of probabilities whose slope is made beside them: what kernels of whole maps share.

Their way back is `native/map_sums.cpp`.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .buffer_pool import empty_like
from .problem import Problem, function, refuse_second_derivatives

Tensor = Any
Fill = Callable[[Problem, int, Any], None]


def map_sums(p: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, fill: Fill) -> Tensor:
    """Sums `[N, C]` over the maps of p, to which the gradient flows.

    Args:
        p: probabilities, float32 `[N, C, *S]`.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        fill: what is told the problem, and where to write the sums and their slope in p (None: not wanted).
    """
    wanted = paddle.is_grad_enabled() and not p.stop_gradient  # not known any more inside `forward`
    return _MapSums.apply(p, (labels, sigmoid, ignore_index), fill, wanted)


class _MapSums(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, rest: Any, fill: Fill, wanted: bool) -> Tensor:
        problem, slope = Problem(p, *rest), empty_like(p) if wanted else None
        sums = np.empty(problem.cells)
        fill(problem, sums.ctypes.data, None if slope is None else slope.data_ptr())
        ctx.save_for_backward(problem.logits)
        ctx.kept = rest, slope
        return paddle.to_tensor(sums, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,), (rest, slope) = ctx.saved_tensor(), ctx.kept
        problem, found = Problem(p, *rest), empty_like(p)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        native = function("map_sums_backward")
        problem.call(native, upstream.ctypes.data, slope.data_ptr(), found.data_ptr())
        return found
