"""Exact Euclidean distance maps on a card, by `source/edt.cu`."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import paddle

from ...errors import KernelError
from ..edt import checked_spacing
from ..unfilled import unfilled
from .device import launch
from .maps import MOST, THREADS, blocks

Tensor = Any

LONGEST = 2**15 - 2  # lines whose steps fit 16 bits
FLATTEST = 1e-15  # the ratio of two sides of a pixel whose squares still differ from 0 in float32


class Spacing(ctypes.Structure):
    """Sizes of a pixel, in units of the largest."""

    _fields_ = tuple((name, ctypes.c_float) for name in ("first", "middle", "last", "unit"))


class Nearest(ctypes.Structure):
    """Squares of distances before the last axis."""

    _fields_ = tuple((name, ctypes.c_void_p) for name in ("steps", "squares", "extent"))


class Lines(NamedTuple):
    """The axes of an image, in the order in which the kernels go along them."""

    sizes: tuple[int, int, int]  # the middle one is 1 where two axes are enough
    spacing: Spacing
    pixel: float  # the smallest size of one, in the same unit

    @property
    def size(self) -> int:
        """Pixels of a map."""
        return math.prod(self.sizes)

    @property
    def width(self) -> int:
        """Pixels along the last axis."""
        return self.sizes[2]


def lines_of(space: Sequence[int], spacing: Sequence[float] | None) -> Lines:
    """How to go through an image of this size; `spacing` is 1 if None."""
    sizes = [int(size) for size in space]
    steps = [float(step) for step in checked_spacing(spacing, sizes) or [1.0] * len(sizes)]
    unit = max(steps)
    if min(steps) < FLATTEST * unit:
        raise KernelError(f"spacing={steps}.", f"sides whose ratio is at least {FLATTEST:g}", "choose another unit")
    along = [(size, step / unit) for size, step in zip(sizes, steps)]
    if len(along) == 1:
        along.insert(0, (1, 1.0))
    if len(along) == 2:  # steps are counted along an axis of one pixel if the first one is too long
        along.insert(0 if along[0][0] > LONGEST else 1, (1, 1.0))
    if along[0][0] > LONGEST or math.prod(sizes) > MOST:
        expected = f"at most {LONGEST} pixels along the first axis of a volume, and {MOST} in all"
        raise KernelError(f"An image of {sizes} pixels.", expected, "crop it")
    (first, middle, last), relative = zip(*along)
    return Lines((first, middle, last), Spacing(*relative, unit), min(steps) / unit)


def nearest(lines: Lines, maps: int, kernel: str, *mask: Any, misfit: Tensor | None = None) -> Nearest:
    """Squares of the distances in masks, before the last axis.

    Args:
        lines: how to go through them.
        maps: number of masks.
        kernel: counts the steps along the first axis.
        mask: its first arguments.
        misfit: nothing is computed while it is 0.
    """
    first, middle, last = lines.sizes
    inner = middle * last
    steps = unfilled([maps, lines.size], "int16")
    extent = paddle.zeros([maps, 2, 2], "int32")
    launch(kernel, maps * blocks(inner), THREADS, 0, *mask, steps, extent, first, inner, last)
    if middle == 1:
        return _kept(Nearest(steps.data_ptr(), None, extent.data_ptr()), steps, extent)
    squares = unfilled([maps, lines.size], "float32")
    over_pixels = maps * blocks(lines.size)
    launch("edt_middle", over_pixels, THREADS, 0, steps, extent, misfit, lines.spacing, squares, *lines.sizes)
    return _kept(Nearest(None, squares.data_ptr(), extent.data_ptr()), squares, extent)


def _kept(addresses: Nearest, *tensors: Tensor) -> Nearest:
    addresses.tensors = tensors  # they live as long
    return addresses


def distance_map(mask: Tensor, spacing: Sequence[float] | None = None, squared: bool = False) -> Tensor:
    """Distance of every pixel to the other side of its mask's boundary, float32; 0 if a mask is empty or full.

    Args:
        mask: bool `[N, C, *S]` with 1 to 3 spatial axes.
        spacing: size of a pixel along each spatial axis; 1 if None.
        squared: whether to return squares: without a spacing whole numbers, exact up to 4096 pixels.
    """
    lines, mask = lines_of(mask.shape[2:], spacing), mask.contiguous()
    maps, out = int(mask.shape[0] * mask.shape[1]), unfilled(mask.shape, "float32")
    steps = nearest(lines, maps, "edt_steps_of_mask", mask)
    over_pixels = maps * blocks(lines.size)
    launch("edt_distance", over_pixels, THREADS, 0, steps, lines.spacing, int(squared), out, lines.size, lines.width)
    return out
