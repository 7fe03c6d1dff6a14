"""Soft skeletons (Shit et al. 2021)."""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F

from .shift import shifted

Tensor = Any


def soft_skeleton(x: Tensor, iterations: int) -> Tensor:
    """What soft opening removes, gathered over successive soft erosions (Shit et al.)."""
    skeleton = paddle.zeros_like(x)
    for _ in range(iterations + 1):
        eroded = _erode(x)
        ridge = F.relu(x - _dilate(eroded))
        skeleton = skeleton + F.relu(ridge - skeleton * ridge)
        x = eroded
    return skeleton


def _erode(x: Tensor) -> Tensor:
    """Minimum over the cross; positions outside the image are neutral."""
    lowest = x
    for axis in range(2, x.ndim):
        for step in (1, -1):
            lowest = paddle.minimum(lowest, shifted(x, axis, step, None))
    return lowest


def _dilate(x: Tensor) -> Tensor:
    """Maximum over the full 3-window; positions outside the image are neutral."""
    for axis in range(2, x.ndim):
        x = paddle.maximum(paddle.maximum(x, shifted(x, axis, 1, None)), shifted(x, axis, -1, None))
    return x
