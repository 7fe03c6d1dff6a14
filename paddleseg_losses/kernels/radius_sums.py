"""Overlaps of skeletons weighted by radii, by the kernel `native/distance/radius_sums.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .ctypes_args import grid
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any


def radius_sums(problem: Problem, skip: int, iterations: int) -> Tensor:
    """Sums `[N, C, 4]` over the pixels of I_p V_g, I_p W_p, I_g V_p and I_g W_g, named in `functional`.

    Args:
        problem: scored by signed probabilities, 0 where a pixel is left out; the gradient flows to them.
        skip: channels before it are left out, their sums are 0.
        iterations: number of erosions.
    """
    p = problem.scores
    wanted = paddle.is_grad_enabled() and not p.stop_gradient  # not known any more inside `forward`
    return _RadiusSums.apply(p, problem, skip, iterations, wanted)


class _RadiusSums(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, problem: Problem, skip: int, iterations: int, wanted: bool) -> Tensor:
        native, sums = NativeProblem(problem), np.empty((*problem.scores.shape[:2], 4))
        slopes = np.zeros((*problem.labels.shape, 4), np.float32) if wanted else None  # few pages of it are touched
        kept = None if slopes is None else slopes.ctypes.data
        native.call(function("radius_sums_forward"), *grid(problem.space), iterations, skip, sums.ctypes.data, kept)
        native.save(ctx)
        ctx.kept = skip, slopes
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        native, (skip, slopes) = NativeProblem.saved(ctx), ctx.kept
        grad = empty_like(native.scores)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        backward = function("radius_sums_backward")
        native.call(backward, skip, upstream.ctypes.data, slopes.ctypes.data, grad.data_ptr())
        return grad
