"""Peak extra memory of one step, from the kernel's own high-water mark (Linux)."""

from __future__ import annotations

import ctypes
import gc
import os
import select
import struct
from pathlib import Path
from typing import Callable

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
PATIENCE = 60.0  # seconds after which a step in a forked process is given up


def supported() -> bool:
    """Whether this system tells."""
    return STATUS.exists() and CLEAR.exists() and hasattr(os, "fork")


def _resident(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def _give_back() -> None:
    """What C's allocator holds ready goes to the system (glibc; others have no such function)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def peak_extra(warm: Callable[[], object], step: Callable[[], object]) -> int:
    """Bytes by which the resident memory grew, at its highest, over what it was before `step`.

    Measured in a forked process that has called nothing but `warm`, on a small input, and has given back what was free:
    no allocator holds memory of an earlier step that it could hand out again. The gradient counts, the inputs do not.
    """
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            warm()
            gc.collect()
            _give_back()
            CLEAR.write_text("5")
            before = _resident("VmRSS")
            step()
            os.write(write, struct.pack("q", _resident("VmHWM") - before))
        finally:
            os._exit(0)
    os.close(write)
    try:
        ready, _, _ = select.select([read], [], [], PATIENCE)
        answer = os.read(read, 8) if ready else b""
    finally:
        os.close(read)
        if not ready:
            os.kill(child, 9)
        os.waitpid(child, 0)
    if len(answer) != 8:
        raise RuntimeError("the forked process ended without an answer" if ready else f"no answer in {PATIENCE:g} s")
    return int(struct.unpack("q", answer)[0])
