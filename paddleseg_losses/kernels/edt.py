"""Exact Euclidean distance maps, `native/distance/edt.cpp`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ..errors import KernelError
from .ctypes_args import address, grid, reals
from .loader import threads
from .native_problem import function
from .unfilled import unfilled

Tensor = Any

LEAST, MOST = 1e-70, 1e70  # sizes of a pixel whose squares, and their ratios, are finite doubles on any image


def distance_map(mask: Tensor, spacing: Sequence[float] | None = None, dtype: Any = "float32") -> Tensor:
    """Distance of every pixel to the other side of its mask's boundary; 0 if a mask is empty or full.

    Args:
        mask: `[N, C, *S]` with 1 to 3 spatial axes, true where not 0.
        spacing: size of a pixel along each spatial axis; None means 1, with squares in whole numbers.
        dtype: float32 or float64.
    """
    image, spacing = grid(mask.shape[2:]), checked_spacing(spacing, mask.shape[2:])
    mask = mask.astype("bool").contiguous()
    out = unfilled(mask.shape, dtype)
    name = {paddle.float32: "edt_float32", paddle.float64: "edt_float64"}.get(out.dtype)
    if name is None:
        raise KernelError(f"A distance map of {out.dtype}.", "float32 or float64", "cast the map afterwards")
    function(name)(
        address(mask, "mask", mask.shape, paddle.bool),
        mask.shape[0] * mask.shape[1],
        *image,
        reals(spacing),
        address(out, "map", mask.shape, out.dtype),
        threads(math.prod(mask.shape)),
    )
    return out


def host_map(masks: Any, spacing: Sequence[float] | None = None) -> Any:
    """`distance_map` on arrays, bool `[M, *S]` to float32: without Paddle, for processes that load data."""
    image, spacing = grid(masks.shape[1:]), checked_spacing(spacing, masks.shape[1:])
    masks = np.ascontiguousarray(masks, "bool")
    out = np.empty(masks.shape, "float32")
    function("edt_float32")(masks.ctypes.data, len(masks), *image, reals(spacing), out.ctypes.data, threads(masks.size))
    return out


def checked_spacing(spacing: Sequence[float] | None, space: Sequence[int]) -> Sequence[float] | None:
    """Refuse sizes of pixels that native code could not work with; all 1 is None, which is exact."""
    if spacing is None or (len(spacing) == len(space) and all(step == 1 for step in spacing)):
        return None
    if len(spacing) != len(space) or not all(LEAST <= step <= MOST for step in spacing):
        expected = f"{len(space)} positive numbers between {LEAST:g} and {MOST:g}"
        raise KernelError(f"spacing={list(spacing)}.", expected, "give one for each axis")
    return spacing
