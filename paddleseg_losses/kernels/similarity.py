"""Structural similarity in windows, by the kernel `native/neighbourhood/similarity.cpp`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .ctypes_args import address, grid, reals
from .loader import threads
from .map_sums import map_sums
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any
Window = tuple[Sequence[float], float, float]


def similarity_errors(problem: Problem, skip: int, window: Window, exponents: Sequence[float] | None) -> Tensor:
    """1 - the similarity of the windows of prediction and truth, `[N, C]`.

    Args:
        problem: scored by signed probabilities, to which the gradient flows.
        skip: channels before it are left out, they are 0.
        window: weights along an axis, 1 in the middle and the same on both sides, and the constants c1 and c2.
        exponents: of the similarity on each scale, whose product it is; None for that of the image as it is.
    """
    options = _options(problem.space, window, exponents)

    def run(native: NativeProblem, errors: int, slope: Any) -> None:
        native.call(function("similarity_forward"), *options, skip, errors, slope)

    return map_sums(problem, run)


def soft_similarity_errors(
    maps: tuple[Tensor, Tensor, Tensor], window: Window, exponents: Sequence[float] | None
) -> Tensor:
    """The same of maps p - g, to which the gradient flows, g, and the mask.

    They are `[N, K, *S]` (the mask may be `[N, 1, *S]`), and 0 where nothing counts.
    """
    excess, target, mask = maps
    wanted = paddle.is_grad_enabled() and not excess.stop_gradient  # not known any more inside `forward`
    return _Similarity.apply(excess, target, mask, _options(excess.shape[2:], window, exponents), wanted)


def _options(space: Sequence[int], window: Window, exponents: Sequence[float] | None) -> tuple[Any, ...]:
    weights, c1, c2 = window
    reach = len(weights) // 2
    scales = 1 if exponents is None else len(exponents)
    return (*grid(space), reals(weights[reach:]), reach, c1, c2, reals(exponents), scales)


class _Similarity(Differentiable):
    @staticmethod
    def forward(ctx: Any, excess: Tensor, target: Tensor, mask: Tensor, options: Any, wanted: bool) -> Tensor:
        excess, target, mask = excess.contiguous(), target.contiguous(), mask.contiguous()
        n, k, *space = (int(size) for size in excess.shape)
        shared = 1 if mask.shape[1] == 1 else k
        slope, errors = empty_like(excess) if wanted else None, np.empty((n, k))
        function("similarity_of_maps")(
            address(excess, "p - g", [n, k, *space], paddle.float32),
            address(target, "g", [n, k, *space], paddle.float32),
            address(mask, "the mask", [n, shared, *space], paddle.float32),
            n * k,
            k // shared,
            *options,
            errors.ctypes.data,
            None if slope is None else slope.data_ptr(),
            threads(n * k * math.prod(space)),
        )
        if slope is not None:
            ctx.save_for_backward(slope)
        return tensor_of(errors)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        (slope,) = ctx.saved_tensor()
        return slope * upstream.astype(slope.dtype).reshape([*upstream.shape, *[1] * (slope.ndim - 2)])
