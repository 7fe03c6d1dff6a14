"""Losses that compare a pixel with its window, by the kernel `native/neighbourhood/window.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..errors import KernelError
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .ctypes_args import MOST, grid, reals
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any


def ssl_sum(problem: Problem, window: Sequence[float], c4: float, beta: float) -> tuple[Tensor, float]:
    """Sum of e BCE over the pixels with e above a share of the largest, 0-D, and the number of these pixels.

    Args:
        problem: the gradient flows to its logits, each channel under a sigmoid of its own in every mode.
        window: weights along an axis of the window, an odd number.
        c4: constant that steadies the division by the deviation.
        beta: share of the largest e.
    """
    results = np.zeros(2)
    options = ("window_ssl_forward", (float(c4), float(beta)))
    total = _Window.apply(problem.scores, problem, window, options, results)
    return total, float(results[1])


def nacl_penalty(problem: Problem, window: Sequence[float], squared: bool) -> Tensor:
    """Sum of |d| or d^2, d = (windows of the one-hot labels) - z, over the valid pixels of all classes, 0-D."""
    options = ("window_nacl_forward", (int(squared),))
    return _Window.apply(problem.scores, problem, window, options, np.zeros(1))


class _Window(Differentiable):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, problem: Problem, window: Sequence[float], options: Any, results: Any
    ) -> Tensor:
        if len(window) % 2 != 1 or len(window) > MOST or not np.isfinite(window).all():
            raise KernelError(f"A window of {len(window)} weights.", "an odd number of finite weights", "add one")
        name, values = options
        native, slope = NativeProblem(problem), empty_like(logits)
        forward = function(name)
        window_args = (*grid(problem.space), reals(window), len(window) // 2)
        native.call(forward, *window_args, *values, results.ctypes.data, slope.data_ptr())
        ctx.save_for_backward(slope)
        return tensor_of(results[0])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (slope,) = ctx.saved_tensor()
        return paddle.scale(slope, float(gradient))
