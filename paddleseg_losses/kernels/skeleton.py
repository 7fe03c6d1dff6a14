"""The soft skeleton of maps, by the kernel `native/skeleton.cpp`."""

from __future__ import annotations

import math
from typing import Any

import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .memory import address, function, integers
from .problem import ADDRESS, LONG, WHOLE, refuse_second_derivatives
from .switch import threads

Tensor = Any

_GRID = (LONG, WHOLE, ADDRESS, WHOLE, WHOLE, ADDRESS)


def soft_skeleton(x: Tensor, iterations: int) -> Tensor:
    """What soft opening removes over successive soft erosions; float32 `[N, C, *S]`, the gradient flows to x."""
    return _Skeleton.apply(x, int(iterations))


def _run(name: str, iterations: int, *tensors: Tensor) -> Tensor:
    """The result of a function of tensors of one shape."""
    shape = [int(size) for size in tensors[0].shape]
    if not 3 <= len(shape) <= 5 or 0 in shape or not 0 <= iterations < 1000:
        raise KernelError(
            f"A map of shape {shape}, {iterations} iterations.",
            "[N, C, *S] with 1 to 3 spatial axes, and fewer than 1000 iterations",
            "reshape it",
        )
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
