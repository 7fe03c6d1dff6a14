"""How pixels are shared among blocks, and how what blocks have summed is added up."""

from __future__ import annotations

import math
from typing import Any

import paddle

from ..unfilled import unfilled
from .device import launch

Tensor = Any

BLOCK = 128  # threads
WARP = 32
_ENOUGH = 1024  # blocks, which keep any card busy
_LARGEST = 4096  # pixels of a tile: float sums of a block stay short


def tile_of(planes: int, size: int, largest: int = _LARGEST) -> int:
    """Number of pixels that a block takes, a multiple of its threads; it depends on the shape alone."""
    share = math.ceil(planes * size / _ENOUGH / BLOCK) * BLOCK
    return max(BLOCK, min(largest, share))


def add_up(parts: Tensor) -> Tensor:
    """Sums over the tiles, float32 `[rows, ...]`, of what each tile has left, `[rows, tiles, ...]`."""
    rows, tiles, *cells = parts.shape
    out = unfilled([rows, *cells], paddle.float32)
    count = math.prod(cells)
    launch("sum_parts", rows * count, BLOCK, 0, parts, out, tiles, count)
    return out
