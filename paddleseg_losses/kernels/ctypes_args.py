"""Handing tensors other than a `Problem` to native code: what C cannot check is checked here."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

from ..errors import KernelError

Tensor = Any

MOST = 2**30 - 1  # sizes of axes are counted with 32 bits; pixels and elements with 64


def address(x: Tensor, what: str, shape: Sequence[int], *dtypes: Any) -> int:
    """Where a tensor's numbers are: contiguous, on the host, of this shape and one of these dtypes."""
    described = f"{what} is {x.dtype} {list(x.shape)}"
    if list(x.shape) != list(shape) or x.dtype not in dtypes:
        names = " or ".join(str(dtype) for dtype in dtypes)
        raise KernelError(f"{described}.", f"{names} {list(shape)}", "cast and reshape it before the kernel")
    if 0 in shape:
        raise KernelError(f"{described}.", "no axis of size 0", "leave empty batches and images out")
    if max(shape, default=0) > MOST or not x.place.is_cpu_place() or not x.is_contiguous():
        raise KernelError(f"{described} on {x.place}.", "a contiguous tensor on a CPU", "use x.cpu().contiguous()")
    return int(x.data_ptr())


def integers(values: Sequence[int]) -> Any:
    """A C array of counts."""
    return (ctypes.c_int64 * len(values))(*values)


def grid(space: Sequence[int], numbered: bool = False) -> tuple[int, Any]:
    """Number of spatial axes and their sizes; `numbered` if the kernel numbers the pixels of an image with 32 bits."""
    sizes = [int(size) for size in space]
    if 0 in sizes:
        raise KernelError(f"An image of {sizes} pixels.", "a pixel or more along each axis", "leave empty images out")
    if not 1 <= len(sizes) <= 3 or (math.prod(sizes) if numbered else max(sizes)) > MOST:
        limit = f"at most {MOST} pixels" + ("" if numbered else " along each")
        raise KernelError(f"An image of {sizes} pixels.", f"1 to 3 axes with {limit}", "reshape it, or cut it up")
    return len(sizes), integers(sizes)


def reals(values: Sequence[float] | None) -> Any:
    """A C array of doubles; null for None."""
    return None if values is None else (ctypes.c_double * len(values))(*values)
