"""Launching a kernel by its name, whatever library owns the tensors.

It imports nothing of ours but its neighbours, so that a script without Paddle can load it from its file.
"""

from __future__ import annotations

from typing import Any, Protocol, Union

from . import ptx_text
from .ptx_text import Kernel

Size = Union[int, tuple[int, ...]]

MOST_THREADS = 1024  # of a block
MOST_SHARED = 48 << 10  # bytes of memory that every card gives to a block
_MOST_BLOCKS = ((1 << 31) - 1, 65535, 65535)


class Launches(Protocol):
    """The driver, or one that stands in for it."""

    def launch(
        self,
        kernel: Kernel,
        grid: tuple[int, int, int],
        block: tuple[int, int, int],
        shared: int,
        arguments: tuple[Any, ...],
        device: int,
        stream: int,
    ) -> None:
        """Put a kernel on a stream."""


def launch(
    driver: Launches,
    name: str,
    grid: Size,
    block: Size,
    shared: int,
    *arguments: Any,
    device: int,
    stream: int,
) -> None:
    """Put a kernel on a stream; nothing waits for it.

    Args:
        driver: what launches it.
        name: of the kernel, in any of the PTX files.
        grid: number of blocks, along one to three axes.
        block: number of threads of each, the same.
        shared: bytes of memory that the threads of a block share, besides what the kernel itself declares.
        arguments: numbers, structs of ctypes, tensors (anything with a `data_ptr`); None is a null pointer. The
            caller keeps the tensors until the stream has come so far, as allocators that know the stream do.
        device: number of the card on which the tensors are.
        stream: handle of the stream, 0 for the default one.
    """
    blocks, threads = _three(grid), _three(block)
    if not all(1 <= size <= most for size, most in zip(blocks, _MOST_BLOCKS)):
        raise ValueError(f"{name}: a grid of {blocks} blocks")
    if min(threads) < 1 or threads[0] * threads[1] * threads[2] > MOST_THREADS or not 0 <= shared <= MOST_SHARED:
        raise ValueError(f"{name}: a block of {threads} threads that share {shared} bytes")
    kernel = ptx_text.kernels()[name]
    driver.launch(kernel, blocks, threads, shared, kernel.pack(arguments), device, stream)


def _three(size: Size) -> tuple[int, int, int]:
    sizes = (size,) if isinstance(size, int) else size
    first, second, third = (*sizes, 1, 1)[:3]
    return first, second, third
