"""The files of the sample that is being read: datasets do not tell them to their transforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

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
