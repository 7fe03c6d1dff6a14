"""Structural similarity in windows, by the kernel `native/neighbourhood/similarity.cpp`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty, empty_like, tensor_of
from .ctypes_args import address, grid, reals
from .loader import threads
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any


def similarity_errors(maps: tuple[Tensor, Tensor, Tensor], window: tuple[Any, float, float], whole: bool) -> Tensor:
    """1 - the mean similarity of contrast and structure over the valid pixels of each map, float64 `[N, K]`.

    Args:
        maps: p - g, to which the gradient flows, g, and the mask, `[N, K, *S]` (the mask may be `[N, 1, *S]`), 0 where
            nothing counts.
        window: weights along an axis, 1 in the middle, and the constants c1 and c2.
        whole: with the similarity of the means.
    """
    excess, target, mask = maps
    wanted = paddle.is_grad_enabled() and not excess.stop_gradient  # not known any more inside `forward`
    return _Similarity.apply(excess, target, mask, (window, whole), wanted)


def similarity_maps(problem: Problem) -> tuple[Tensor, Tensor, Tensor]:
    """The maps p - g and g, `[N, C, *S]`, and the mask, `[N, 1, *S]` (`[N, C, *S]` with a sigmoid), for it.

    Args:
        problem: scored by signed probabilities, to which the gradient flows.
    """
    p = problem.scores
    target, mask = empty_like(p), empty(problem.labels.shape)
    return _Maps.apply(p, problem, target, mask), target, mask


class _Maps(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, problem: Problem, target: Tensor, mask: Tensor) -> Tensor:
        excess = empty_like(p)
        native = NativeProblem(problem)
        native.call(function("similarity_maps"), excess.data_ptr(), target.data_ptr(), mask.data_ptr())
        ctx.save_for_backward(mask)
        return excess

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        (mask,) = ctx.saved_tensor()
        return upstream * mask


class _Similarity(Differentiable):
    @staticmethod
    def forward(ctx: Any, excess: Tensor, target: Tensor, mask: Tensor, options: Any, wanted: bool) -> Tensor:
        (weights, c1, c2), whole = options
        excess, target, mask = excess.contiguous(), target.contiguous(), mask.contiguous()
        n, k, *space = (int(size) for size in excess.shape)
        shared = 1 if mask.shape[1] == 1 else k
        slope, means = empty_like(excess) if wanted else None, np.empty((n, k))
        function("similarity_forward")(
            address(excess, "p - g", [n, k, *space], paddle.float32),
            address(target, "g", [n, k, *space], paddle.float32),
            address(mask, "the mask", [n, shared, *space], paddle.float32),
            n * k,
            k // shared,
            *grid(space),
            reals(weights),
            len(weights) // 2,
            c1,
            c2,
            int(whole),
            means.ctypes.data,
            None if slope is None else slope.data_ptr(),
            threads(n * k * math.prod(space)),
        )
        if slope is not None:
            ctx.save_for_backward(slope)
        return tensor_of(means, "float64")

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        (slope,) = ctx.saved_tensor()
        return slope * upstream.astype(slope.dtype).reshape([*upstream.shape, *[1] * (slope.ndim - 2)])
