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
from ..i18n import Text, _

MODES = ("auto", "native", "composed")
VARIABLE = "PADDLESEG_LOSSES_KERNELS"
SMALL = 1 << 15  # elements below which starting a second thread takes longer than it saves
_chosen: list[str] = []  # innermost `use_kernels` last


def mode() -> str:
    """The mode in force."""
    chosen = _chosen[-1] if _chosen else os.environ.get(VARIABLE, "auto")
    if chosen not in MODES:
        raise KernelError(
            _("{variable} is {value!r}.", variable=VARIABLE, value=chosen),
            _("one of {names}", names=", ".join(MODES)),
            _("unset {variable}, or correct it", variable=VARIABLE),
        )
    return chosen


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
def _load() -> tuple[ctypes.CDLL | None, Text]:
    """The library, or why there is none."""
    spec = importlib.util.find_spec(f"{__package__}._native")  # found, not imported: it holds plain C functions
    if spec is None or spec.origin is None:
        return None, _("not built: no C++ compiler was found when the package was installed")
    try:
        return ctypes.CDLL(spec.origin), spec.origin
    except OSError as error:
        return None, _("not usable: {error}", error=error)


@lru_cache(maxsize=1)
def _warn(reason: Text) -> None:
    warnings.warn(
        str(
            _(
                "paddleseg_losses: native kernels are {reason}. Losses on CPU are several times slower. Install a C++ "
                "compiler and reinstall the package, or set {setting} if this is intended.",
                reason=reason,
                setting=f"{VARIABLE}=composed",
            )
        ),
        stacklevel=2,
    )


def library() -> ctypes.CDLL | None:
    """The native library if it is to be used, else None; warns once if it is missing, and raises if it is required."""
    wanted = mode()
    if wanted == "composed":
        return None
    loaded, reason = _load()
    if loaded is None:
        if wanted == "native":
            raise KernelError(
                _("{setting}, but native kernels are {reason}.", setting=f"{VARIABLE}=native", reason=reason),
                _("a package that was installed where there is a C++ compiler"),
                _(
                    "install one (g++ or clang++) and reinstall the package, or set {setting}",
                    setting=f"{VARIABLE}=auto",
                ),
            )
        _warn(reason)
    return loaded


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


def status() -> dict[str, Text]:
    """What is active and why, for people."""
    loaded, reason = _load()
    wanted = mode()
    active = "native" if loaded is not None and wanted != "composed" else "composed"
    return {"mode": wanted, "active": active, "library": reason, "threads": str(threads(SMALL))}
