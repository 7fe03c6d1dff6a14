"""Losses that compare a pixel with its window, by the kernel `native/window.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .buffer_pool import empty_like
from .ctypes_args import MOST, grid, reals
from .problem import Problem, function, refuse_second_derivatives

Tensor = Any


def structure_sum(
    logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, kernel: Sequence[float], c4: float, beta: float
) -> tuple[Tensor, float]:
    """Sum of e BCE over the pixels with e above a share of the largest, 0-D, and the number of these pixels.

    Args:
        logits: float32 `[N, C, *S]`; the gradient flows to them, each channel under a sigmoid of its own.
        labels: `[N, 1, *S]`, or `[N, C, *S]` with `sigmoid`.
        sigmoid: whether the labels have a channel for each class.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        kernel: weights along an axis of the window, an odd number.
        c4: constant that steadies the division by the deviation.
        beta: share of the largest e.
    """
    found = np.zeros(2)
    options = ("window_ssl_forward", (float(c4), float(beta)))
    total = _Window.apply(logits, (labels, sigmoid, ignore_index), kernel, options, found)
    return total, float(found[1])


def neighbours_sum(
    logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, kernel: Sequence[float], squared: bool
) -> Tensor:
    """Sum of |d| or d^2, d = (windows of the one-hot labels) - z, over the valid pixels of all classes, 0-D."""
    options = ("window_nacl_forward", (int(squared),))
    return _Window.apply(logits, (labels, sigmoid, ignore_index), kernel, options, np.zeros(1))


class _Window(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, kernel: Sequence[float], options: Any, found: Any) -> Tensor:
        if len(kernel) % 2 != 1 or len(kernel) > MOST or not np.isfinite(kernel).all():
            raise KernelError(f"A window of {len(kernel)} weights.", "an odd number of finite weights", "add one")
        name, values = options
        problem, slope = Problem(logits, *rest), empty_like(logits)
        window = (*grid(logits.shape[2:]), reals(kernel), len(kernel) // 2)
        problem.call(function(name), *window, *values, found.ctypes.data, slope.data_ptr())
        ctx.save_for_backward(slope)
        return paddle.to_tensor(found[0], dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (slope,) = ctx.saved_tensor()
        return paddle.scale(slope, float(gradient))
