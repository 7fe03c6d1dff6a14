"""Sums over maps of probabilities whose slope is computed beside them: what kernels of whole maps share.

Their backward pass is `native/neighbourhood/map_sums.cpp`.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any
Run = Callable[[NativeProblem, int, Any], None]


def map_sums(problem: Problem, run: Run) -> Tensor:
    """Sums `[N, C]` over the maps of the probabilities, to which the gradient flows.

    Args:
        problem: scored by probabilities.
        run: calls the kernel, given the problem and where to write the sums and their slope in p (None: not wanted).
    """
    p = problem.scores
    wanted = paddle.is_grad_enabled() and not p.stop_gradient  # not known any more inside `forward`
    return _MapSums.apply(p, problem, run, wanted)


class _MapSums(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, problem: Problem, run: Run, wanted: bool) -> Tensor:
        native, slope = NativeProblem(problem), empty_like(p) if wanted else None
        sums = np.empty(native.cells)
        run(native, sums.ctypes.data, None if slope is None else slope.data_ptr())
        native.save(ctx)
        ctx.slope = slope
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        native = NativeProblem.saved(ctx)
        grad = empty_like(native.scores)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        native.call(function("map_sums_backward"), upstream.ctypes.data, ctx.slope.data_ptr(), grad.data_ptr())
        return grad
