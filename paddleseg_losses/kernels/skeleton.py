"""Soft skeletons, by the kernels `native/skeleton.cpp` and `native/centre_lines.cpp`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .memory import MOST, address, function, integers
from .problem import ADDRESS, LONG, POINTER, WHOLE, Problem, refuse_second_derivatives
from .recycled import empty_like
from .switch import threads

Tensor = Any

_GRID = (LONG, WHOLE, ADDRESS, WHOLE, WHOLE, ADDRESS)
_LINES = (POINTER, WHOLE, ADDRESS, WHOLE)


def soft_skeleton(x: Tensor, iterations: int) -> Tensor:
    """What soft opening removes over successive soft erosions; float32 `[N, C, *S]`, the gradient flows to x."""
    return _Skeleton.apply(x, int(iterations))


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
    return _CentreLines.apply(p, (labels, sigmoid, ignore_index), first, int(iterations))


def _refuse(shape: Sequence[int], iterations: int) -> None:
    if not 3 <= len(shape) <= 5 or 0 in shape or max(shape) > MOST or not 0 <= iterations < 1000:
        raise KernelError(
            f"A map of shape {list(shape)}, {iterations} iterations.",
            "[N, C, *S] with 1 to 3 spatial axes, and fewer than 1000 iterations",
            "reshape it",
        )


def _run(name: str, iterations: int, *tensors: Tensor) -> Tensor:
    """The result of a function of tensors of one shape."""
    shape = [int(size) for size in tensors[0].shape]
    _refuse(shape, iterations)
    tensors, out = tuple(x.contiguous() for x in tensors), paddle.empty(shape, "float32")
    addresses = [address(x, "map", shape, paddle.float32) for x in tensors]
    grid = (shape[0] * shape[1], len(shape) - 2, integers(shape[2:]))
    native = function(name, *[ADDRESS] * len(tensors), *_GRID)
    native(*addresses, *grid, iterations, threads(math.prod(shape)), address(out, "result", shape, paddle.float32))
    return out


class _Skeleton(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: Tensor, iterations: int) -> Tensor:
        ctx.save_for_backward(x)
        ctx.iterations = iterations
        return _run("skeleton_forward", iterations, x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (x,) = ctx.saved_tensor()
        return _run("skeleton_backward", ctx.iterations, x, gradient)


class _CentreLines(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, p: Tensor, rest: Any, first: int, iterations: int) -> Tensor:
        problem, labels = Problem(p, *rest), rest[0]
        space = [int(size) for size in p.shape[2:]]
        _refuse(p.shape, iterations)
        lines, sums = np.empty(labels.shape, np.uint8), np.empty((*problem.cells, 4))
        grid = (len(space), integers(space), iterations)
        problem.call(function("centre_lines", *_LINES, ADDRESS, WHOLE), *grid, lines.ctypes.data)
        native = function("centre_line_sums", *_LINES, WHOLE, ADDRESS, ADDRESS, WHOLE)
        problem.call(native, *grid, first, lines.ctypes.data, sums.ctypes.data)
        ctx.save_for_backward(problem.logits)
        ctx.kept = rest, grid, first, lines
        return paddle.to_tensor(sums, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (p,), (rest, grid, first, lines) = ctx.saved_tensor(), ctx.kept
        problem, found = Problem(p, *rest), empty_like(p)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        native = function("centre_line_gradient", *_LINES, WHOLE, ADDRESS, ADDRESS, ADDRESS, WHOLE)
        problem.call(native, *grid, first, lines.ctypes.data, upstream.ctypes.data, found.data_ptr())
        return found
