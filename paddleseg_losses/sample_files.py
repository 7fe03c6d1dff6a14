"""The files of samples: which is being read, as datasets do not tell their transforms, and whether it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_TAILS = {".png": (b"IEND", 64), ".jpg": (b"\xff\xd9", 4096), ".jpeg": (b"\xff\xd9", 4096)}
_current: ContextVar[tuple[str, ...]] = ContextVar("files of the sample", default=())


def current_files() -> tuple[str, ...]:
    """Image and mask of the sample that is being read; nothing where nobody has said it."""
    return _current.get()


@contextmanager
def reading(files: Sequence[str]) -> Iterator[None]:
    """Say which files a sample comes from while it is read, as our loader does around every sample."""
    token = _current.set(tuple(map(str, files)))
    try:
        yield
    finally:
        _current.reset(token)


def is_cut(path: Path) -> bool:
    """Whether a picture is cut off, so that OpenCV reads a part of it; all of it is looked at if its end is unusual."""
    tail, length = _TAILS.get(path.suffix.lower(), (b"", 0))
    if not tail:
        return False
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - length, 0))
        if tail in file.read():
            return False
    from PIL import Image

    try:
        with Image.open(path) as picture:
            picture.load()
    except Exception:
        return True
    return False
