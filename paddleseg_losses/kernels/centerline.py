"""Sums over soft skeletons of prediction and truth, by the kernel `native/neighbourhood/centerline.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..differentiable import Differentiable
from ..errors import KernelError
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .ctypes_args import grid
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any


def centerline_sums(problem: Problem, skip: int, iterations: int) -> Tensor:
    """Sums `[N, C, 4]` over the pixels of S(p) (1 - g), S(p), S(g) (1 - p) and S(g), S the soft skeleton.

    Args:
        problem: scored by signed probabilities, 0 where a pixel is left out; the gradient flows to them.
        skip: channels before it are left out, their sums are 0.
        iterations: number of erosions.
    """
    return _Centerline.apply(problem.scores, problem, skip, checked_iterations(iterations))


def checked_iterations(iterations: int) -> int:
    """Refuse a number of erosions for which no memory is enough."""
    if not 0 <= iterations < 1000:
        raise KernelError(f"{iterations} erosions.", "0 to 999", "no structure is that thick: take fewer")
    return int(iterations)


class _Centerline(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, problem: Problem, skip: int, iterations: int) -> Tensor:
        native, image = NativeProblem(problem), (*grid(problem.space), iterations)
        truth, sums = np.empty(problem.labels.shape, np.uint8), np.empty((*native.cells, 4))
        native.call(function("centerline_truth"), *image, truth.ctypes.data)
        forward = function("centerline_forward")
        native.call(forward, *image, skip, truth.ctypes.data, sums.ctypes.data)
        native.save(ctx)
        ctx.kept = image, skip, truth
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        native, (image, skip, truth) = NativeProblem.saved(ctx), ctx.kept
        grad = empty_like(native.scores)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        backward = function("centerline_backward")
        native.call(backward, *image, skip, truth.ctypes.data, upstream.ctypes.data, grad.data_ptr())
        return grad
