"""Sums over soft skeletons of prediction and truth, by the kernel `native/centerline.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .buffer_pool import empty_like
from .ctypes_args import grid
from .problem import Problem, function, refuse_second_derivatives
from .skeleton import checked_iterations

Tensor = Any


def centre_line_sums(
    p: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, first: int, iterations: int
) -> Tensor:
    """Sums `[N, C, 4]` over the pixels of S(p) (1 - g), S(p), S(g) (1 - p) and S(g), S the soft skeleton.

    Args:
        p: probabilities, float32 `[N, C, *S]`, 0 where a pixel is left out; the gradient flows to them.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        first: channels before it are left out, their sums are 0.
        iterations: number of erosions.
    """
    return _CentreLines.apply(p, (labels, sigmoid, ignore_index), first, checked_iterations(iterations))


class _CentreLines(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, rest: Any, first: int, iterations: int) -> Tensor:
        problem, labels, image = Problem(p, *rest), rest[0], (*grid(p.shape[2:]), iterations)
        lines, sums = np.empty(labels.shape, np.uint8), np.empty((*problem.cells, 4))
        problem.call(function("centerline_truth"), *image, lines.ctypes.data)
        problem.call(function("centerline_forward"), *image, first, lines.ctypes.data, sums.ctypes.data)
        ctx.save_for_backward(problem.logits)
        ctx.kept = rest, image, first, lines
        return paddle.to_tensor(sums, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,), (rest, image, first, lines) = ctx.saved_tensor(), ctx.kept
        problem, found = Problem(p, *rest), empty_like(p)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        native = function("centerline_backward")
        problem.call(native, *image, first, lines.ctypes.data, upstream.ctypes.data, found.data_ptr())
        return found
