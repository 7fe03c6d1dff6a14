"""Sums over soft skeletons of prediction and truth, by the kernel `native/neighbourhood/centerline.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..problem import Problem
from .buffer_pool import empty_like
from .ctypes_args import grid
from .native_problem import NativeProblem, function, refuse_second_derivatives
from .skeleton import checked_iterations

Tensor = Any


def centerline_sums(problem: Problem, skip: int, iterations: int) -> Tensor:
    """Sums `[N, C, 4]` over the pixels of S(p) (1 - g), S(p), S(g) (1 - p) and S(g), S the soft skeleton.

    Args:
        problem: scored by probabilities, 0 where a pixel is left out; the gradient flows to them.
        skip: channels before it are left out, their sums are 0.
        iterations: number of erosions.
    """
    return _Centerline.apply(problem.scores, problem, skip, checked_iterations(iterations))


class _Centerline(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, problem: Problem, skip: int, iterations: int) -> Tensor:
        native, image = NativeProblem(problem), (*grid(problem.space), iterations)
        truth, sums = np.empty(problem.labels.shape, np.uint8), np.empty((*native.cells, 4))
        native.call(function("centerline_truth"), *image, truth.ctypes.data)
        forward = function("centerline_forward")
        native.call(forward, *image, skip, truth.ctypes.data, sums.ctypes.data)
        ctx.save_for_backward(native.scores)
        ctx.kept = problem.with_scores(None), image, skip, truth
        return paddle.to_tensor(sums, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,), (problem, image, skip, truth) = ctx.saved_tensor(), ctx.kept
        grad = empty_like(p)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        backward = function("centerline_backward")
        NativeProblem(problem.with_scores(p)).call(
            backward, *image, skip, truth.ctypes.data, upstream.ctypes.data, grad.data_ptr()
        )
        return grad
