"""The native library, whether `PADDLESEG_LOSSES_KERNELS` (auto, native, composed) lets it run, and its threads."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from ..errors import KernelError

MODES = ("auto", "native", "composed")
VARIABLE = "PADDLESEG_LOSSES_KERNELS"
SMALL = 1 << 15  # elements below which starting a second thread takes longer than it saves
_chosen: list[str] = []  # innermost `use_kernels` last


def mode() -> str:
    """The mode in force."""
    found = _chosen[-1] if _chosen else os.environ.get(VARIABLE, "auto")
    if found not in MODES:
        raise KernelError(f"{VARIABLE} is {found!r}.", f"one of {', '.join(MODES)}", f"unset {VARIABLE}, or correct it")
    return found


@contextmanager
def use_kernels(which: str) -> Iterator[None]:
    """Override the environment inside a `with` block."""
    _chosen.append(which)
    try:
        mode()
        yield
    finally:
        _chosen.pop()


@lru_cache(maxsize=1)
def _load() -> tuple[ctypes.CDLL | None, str]:
    """The library, or why there is none."""
    spec = importlib.util.find_spec(f"{__package__}._native")  # found, not imported: it holds plain C functions
    if spec is None or spec.origin is None:
        return None, "not built: no C++ compiler was found when the package was installed"
    try:
        return ctypes.CDLL(spec.origin), spec.origin
    except OSError as error:
        return None, f"cannot be loaded: {error}"


@lru_cache(maxsize=1)
def _warn(reason: str) -> None:
    warnings.warn(
        f"paddleseg_losses: native kernels are {reason}. Losses on a CPU are several times slower. Install a C++ "
        f"compiler and reinstall the package, or set {VARIABLE}=composed to say that this is meant.",
        stacklevel=2,
    )


def library() -> ctypes.CDLL | None:
    """The native library if it is to be used, else None; warns once if it is missing, and raises if it is demanded."""
    wanted = mode()
    if wanted == "composed":
        return None
    found, reason = _load()
    if found is None:
        if wanted == "native":
            raise KernelError(
                f"{VARIABLE}=native, but native kernels are {reason}.",
                "a package installed with a C++ compiler at hand",
                f"install one (g++ or clang++) and reinstall the package, or set {VARIABLE}=auto",
            )
        _warn(reason)
    return found


def threads(elements: int) -> int:
    """Threads for a piece of work: all processors that this process may use, one if it is small.

    Not OMP_NUM_THREADS, which importing Paddle sets to 1; `PADDLESEG_LOSSES_THREADS` overrides it.
    """
    if elements < SMALL:
        return 1
    given = os.environ.get("PADDLESEG_LOSSES_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return min(int(given), 64)
    available = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return min(len(available), 64)


def status() -> dict[str, str]:
    """What is active and why, for people."""
    found, reason = _load()
    wanted = mode()
    active = "native" if found is not None and wanted != "composed" else "composed"
    return {"mode": wanted, "active": active, "library": reason, "threads": str(threads(SMALL))}
