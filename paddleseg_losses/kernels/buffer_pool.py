"""Memory of large results, used again.

Paddle returns the memory of every large tensor to the system, and fresh memory costs a page fault every 4 KiB: more
than the kernel that fills it. A few blocks are kept for the next results of the same size. They are marked as free: the
system takes them when it runs short of memory.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import weakref
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
from paddle.utils.dlpack import from_dlpack

from .unfilled import unfilled

Tensor = Any

LARGE = 1 << 22  # bytes
KEPT = 4  # blocks: the heads of a model have results of their own
SUPPORTED = all(hasattr(mmap, name) for name in ("MADV_FREE", "MADV_HUGEPAGE", "MAP_PRIVATE"))

_idle: deque[mmap.mmap] = deque(maxlen=KEPT)  # the oldest is given back to the system


def tensor_of(numbers: Any, dtype: str = "float32") -> Tensor:
    """A small array as a tensor: a third of the time of `paddle.to_tensor`, which counts where an image is small."""
    numbers = np.asarray(numbers, dtype, order="C")
    x = unfilled(numbers.shape, dtype)
    ctypes.memmove(x.data_ptr(), numbers.ctypes.data, numbers.nbytes)
    return x


def empty_like(x: Tensor) -> Tensor:
    """A float32 tensor of the same shape, as `empty`."""
    return empty(x.shape)


def empty(shape: Sequence[int]) -> Tensor:
    """A float32 tensor with any contents, as `unfilled`, in a block that is used again."""
    size = 4 * math.prod(shape)
    if size < LARGE or not SUPPORTED or not _shares():
        return unfilled(shape, paddle.float32)
    return _tensor(_take(size), shape)


@lru_cache(maxsize=1)
def _shares() -> bool:
    """Whether a tensor can lie in memory of ours: Paddle 2.6 copies it."""
    numbers = np.zeros(1, np.float32)
    return bool(from_dlpack(numbers.__dlpack__()).data_ptr() == numbers.ctypes.data)


def _take(size: int) -> mmap.mmap:
    for block in tuple(_idle):
        if len(block) == size:
            try:
                _idle.remove(block)
            except ValueError:  # another thread has taken it
                continue
            return block
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    block.madvise(mmap.MADV_HUGEPAGE)
    return block


def _tensor(block: mmap.mmap, shape: Sequence[int]) -> Tensor:
    """A tensor in a block, which comes back when nothing refers to the tensor's memory any more."""
    view = np.frombuffer(block, np.float32).reshape(shape)
    weakref.finalize(view, _give_back, block).atexit = False
    return from_dlpack(view.__dlpack__())


def _give_back(block: mmap.mmap) -> None:
    block.madvise(mmap.MADV_FREE)
    _idle.append(block)
