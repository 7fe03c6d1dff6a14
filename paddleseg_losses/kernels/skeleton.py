"""Soft skeletons, by the kernel `native/neighbourhood/skeleton.cpp`."""

from __future__ import annotations

import math
from typing import Any

import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .ctypes_args import address, grid
from .loader import threads
from .native_problem import function, refuse_second_derivatives

Tensor = Any


def soft_skeleton(x: Tensor, iterations: int) -> Tensor:
    """What soft opening removes over successive soft erosions; float32 `[N, C, *S]`, the gradient flows to x."""
    return _Skeleton.apply(x, checked_iterations(iterations))


def checked_iterations(iterations: int) -> int:
    """Refuse numbers of erosions that native code could not work with."""
    if not 0 <= iterations < 1000:
        raise KernelError(f"{iterations} erosions.", "0 to 999", "no structure is that thick: take fewer")
    return int(iterations)


def _run(name: str, iterations: int, *tensors: Tensor) -> Tensor:
    """The result of a function of tensors of one shape."""
    shape = [int(size) for size in tensors[0].shape]
    image = (math.prod(shape[:2]), *grid(shape[2:]))
    tensors, out = tuple(x.contiguous() for x in tensors), paddle.empty(shape, "float32")
    addresses = [address(x, "map", shape, paddle.float32) for x in tensors]
    place = address(out, "result", shape, paddle.float32)
    function(name)(*addresses, *image, iterations, place, threads(math.prod(shape)))
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
