"""Handing tensors to native code: what a plain C function cannot check is checked here."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import KernelError
from .switch import library

Tensor = Any

ADDRESS, INT, COUNT, REAL = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_double
MOST = 2**30 - 1  # sizes of axes are counted with 32 bits; pixels and elements with 64


def function(name: str, *arguments: Any) -> Callable[..., None]:
    """The C function of a name, with its types declared; it raises MemoryError where the function says so."""
    loaded = library()
    if loaded is None:
        raise KernelError(f"{name} was called while native kernels are off.", "them to be on", "ask `applies` first")
    found = getattr(loaded, name)
    if not found.argtypes:
        found.argtypes, found.restype = arguments, INT
        found.errcheck = _refuse_failure
    return found  # type: ignore[no-any-return]


def _refuse_failure(status: int, called: Any, arguments: Any) -> None:
    if status != 0:
        raise MemoryError(f"paddleseg_losses: no memory left in {called.__name__}")


def address(x: Tensor, what: str, shape: Sequence[int], *dtypes: Any) -> int:
    """Where a tensor's numbers are: contiguous, on the host, of this shape and one of these dtypes."""
    found = f"{what} is {x.dtype} {list(x.shape)}"
    if list(x.shape) != list(shape) or x.dtype not in dtypes:
        names = " or ".join(str(dtype) for dtype in dtypes)
        raise KernelError(f"{found}.", f"{names} {list(shape)}", "cast and reshape it before the kernel")
    if max(shape, default=0) > MOST or not x.place.is_cpu_place() or not x.is_contiguous():
        raise KernelError(f"{found} on {x.place}.", "a contiguous tensor on a CPU", "use x.cpu().contiguous()")
    return int(x.data_ptr())


def integers(values: Sequence[int]) -> Any:
    """A C array of counts."""
    return (COUNT * len(values))(*values)


def reals(values: Sequence[float] | None) -> Any:
    """A C array of doubles; null for None."""
    return None if values is None else (REAL * len(values))(*values)
