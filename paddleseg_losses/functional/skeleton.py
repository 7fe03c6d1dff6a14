"""Soft skeletons (Shit et al. 2021)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import paddle
import paddle.nn.functional as F

from ..differentiable import recomputed
from .shift import shifted

Tensor = Any


def soft_skeleton(x: Tensor, iterations: int) -> Tensor:
    """What soft opening removes, gathered over successive soft erosions (Shit et al.).

    Windows keep many tensors for their gradient: each operation is computed again in the backward pass.
    """
    skeleton = paddle.zeros_like(x)
    for _ in range(iterations + 1):
        eroded = recomputed(_erode, x)
        skeleton = recomputed(_grown, skeleton, x, eroded)
        x = eroded
    return skeleton


def _grown(skeleton: Tensor, x: Tensor, eroded: Tensor) -> Tensor:
    """The skeleton with what an opening of x removes."""
    ridge = F.relu(x - recomputed(_dilate, eroded))
    return skeleton + F.relu(ridge - skeleton * ridge)


def _erode(x: Tensor) -> Tensor:
    """Minimum over the cross; positions outside the image are neutral."""
    if _value_alone():
        axes = range(x.ndim - 2)
        lines = (_pooled(-x, [3 if other == axis else 1 for other in axes]) for axis in axes)
        return -reduce(paddle.maximum, lines)
    lowest = x
    for axis in range(2, x.ndim):
        for step in (1, -1):
            lowest = paddle.minimum(lowest, shifted(x, axis, step, None))
    return lowest


def _dilate(x: Tensor) -> Tensor:
    """Maximum over the full 3-window; positions outside the image are neutral."""
    if _value_alone():
        return _pooled(x, [3] * (x.ndim - 2))
    for axis in range(2, x.ndim):
        x = paddle.maximum(paddle.maximum(x, shifted(x, axis, 1, None)), shifted(x, axis, -1, None))
    return x


def _value_alone() -> bool:
    """Whether nobody asks for a gradient, which equal numbers share in `maximum`, but not in a pooling."""
    return paddle.in_dynamic_mode() and not paddle.is_grad_enabled()


def _pooled(x: Tensor, window: list[int]) -> Tensor:
    """Maximum over a window around each pixel."""
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[len(window)]
    return pool(x, window, stride=1, padding=[size // 2 for size in window])
