"""How near each pixel is to the boundary of its region, by `native/boundary_proximity.cpp`; it has no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

from .ctypes_args import grid, reals
from .edt import checked_spacing
from .problem import Problem, function

Tensor = Any


def region_closeness(
    logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, spacing: Sequence[float] | None, normalize: bool
) -> Tensor:
    """Depth in the region that each pixel belongs to, turned round: largest on the rim, 0 at the deepest pixel.

    Args:
        logits: float32 `[N, C, *S]`; they are not read.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        spacing: size of a pixel along each axis; 1 if None.
        normalize: whether the rim is 1, else distances are kept.

    Returns:
        float32 of the labels' shape.
    """
    native = function("boundary_proximity")
    steps, image = reals(checked_spacing(spacing, logits.shape[2:])), grid(logits.shape[2:], numbered=True)
    out = paddle.empty(labels.shape, "float32")
    Problem(logits, labels, sigmoid, ignore_index).call(native, *image, steps, int(normalize), out.data_ptr())
    return out
