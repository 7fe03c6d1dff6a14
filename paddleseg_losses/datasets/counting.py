"""Counting label values, in several processes that hold one mask each."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np

from ..paddleseg.loading import plain
from .mask_sources import MaskSource

MOST_LABELS = 1 << 16  # different values that are counted; numbers of objects, or heights, may have any number
_MOST_IN_A_MASK = 1 << 12
_CHUNK = 32  # masks a process takes at a time
_SHOWN = 3  # masks named for each kind of problem


@dataclass
class MaskProblem:
    """Masks that cannot be counted: how many, and the first of them."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, other: MaskProblem) -> None:
        """Add another one."""
        self.count += other.count
        self.first = (self.first + other.first)[:_SHOWN]


@dataclass
class Counts:
    """What the masks contain. Keys are label values, the ignored one included."""

    masks: int = 0
    pixels: dict[int, int] = field(default_factory=dict)
    area: dict[int, int] = field(default_factory=dict)  # pixels, but for the ignored, of the masks with the value
    images: dict[int, int] = field(default_factory=dict)  # masks with the value
    first: dict[int, str] = field(default_factory=dict)  # the first mask with the value
    problems: dict[str, MaskProblem] = field(default_factory=dict)  # by kind: 'missing', 'channels', ...
    notes: dict[str, MaskProblem] = field(default_factory=dict)  # masks that are counted: 'bits_1', 'bits_16'

    def add(self, other: Counts) -> None:
        """Add another one."""
        self.masks += other.masks
        for value, name in other.first.items():
            if self._has_room(value):
                for ours, theirs in self._tables(other):
                    ours[value] = ours.get(value, 0) + theirs[value]
                self.first.setdefault(value, name)
            else:
                self.problem("values", name)
        for kept, added in ((self.problems, other.problems), (self.notes, other.notes)):
            for kind, problem in added.items():
                kept.setdefault(kind, MaskProblem()).add(problem)

    def _tables(self, other: Counts) -> tuple[tuple[dict[int, int], dict[int, int]], ...]:
        return (self.pixels, other.pixels), (self.area, other.area), (self.images, other.images)

    def _has_room(self, value: int) -> bool:
        return value in self.first or len(self.first) < MOST_LABELS

    def problem(self, kind: str, what: str) -> None:
        """Note a mask that cannot be counted."""
        self.problems.setdefault(kind, MaskProblem()).add(MaskProblem(1, [what]))

    def add_mask(self, mask: Any, ignore_index: int | None, name: str) -> None:
        """Count one mask."""
        mask = np.asarray(mask)
        if mask.ndim != 2:
            return self.problem("channels", f"{name} {list(mask.shape)}")
        if mask.dtype.kind == "f" and np.isnan(mask).any():
            return self.problem("nan", f"{name} ({mask.dtype})")
        if mask.dtype.kind not in "biuf" or (mask.dtype.kind == "f" and not _whole(mask)):
            return self.problem("fractions", f"{name} ({mask.dtype})")
        if mask.dtype.kind == "b" and mask.view("uint8").max(initial=0) > 1:
            self.notes.setdefault("bits_1", MaskProblem()).add(MaskProblem(1, [name]))
        elif mask.dtype.kind == "u" and mask.dtype.itemsize > 1:
            self.notes.setdefault("bits_16", MaskProblem()).add(MaskProblem(1, [name]))
        values, numbers = _values(plain(mask))
        if len(values) > _MOST_IN_A_MASK:
            return self.problem("values", f"{name} ({len(values)})")
        labelled = int(mask.size - sum(n for v, n in zip(values, numbers) if v == ignore_index))
        self.masks += 1
        every = dict.fromkeys(values, labelled)
        once = dict.fromkeys(values, 1)
        counts = Counts(0, dict(zip(values, numbers)), every, once, dict.fromkeys(values, name))
        return self.add(counts)


def _whole(mask: Any) -> bool:
    return bool((np.abs(mask) < 2**53).all() and (mask == np.floor(mask)).all())


def _values(mask: Any) -> tuple[list[int], list[int]]:
    """Values of a mask and how often each occurs."""
    low, high = (int(mask.min()), int(mask.max())) if mask.size else (0, 0)
    if low >= 0 and high < MOST_LABELS and mask.dtype.kind in "iu":  # twenty times as fast as `unique`
        every = np.bincount(mask.ravel())
        values = np.flatnonzero(every)
        return values.tolist(), every[values].tolist()
    values, numbers = np.unique(mask, return_counts=True)
    return [int(value) for value in values], numbers.tolist()


def count(
    source: MaskSource, workers: int | None = None, progress: Callable[[int], object] = lambda done: None
) -> Counts:
    """Count the label values of all masks of a source.

    Args:
        source: the masks.
        workers: processes; the CPU count, at most 8, if None.
        progress: is called with the number of masks that are done.
    """
    chunks = [range(start, min(start + _CHUNK, len(source))) for start in range(0, len(source), _CHUNK)]
    workers = min(len(chunks), (min(os.cpu_count() or 1, 8) if workers is None else max(workers, 1)))
    total, done = Counts(), 0
    for chunk, counts in zip(chunks, _counted(source, chunks, workers)):
        total.add(counts)
        done += len(chunk)
        progress(done)
    return total


def _counted(source: MaskSource, chunks: Sequence[Iterable[int]], workers: int) -> Iterator[Counts]:
    if workers <= 1:
        yield from (_count_some(source, chunk) for chunk in chunks)
        return
    # A forked process starts in milliseconds; a fresh one would import Paddle, of which it needs nothing.
    method = "fork" if sys.platform == "linux" else None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        with ProcessPoolExecutor(workers, multiprocessing.get_context(method), _begin, (source,)) as pool:
            yield from pool.map(_count_mine, chunks)


_mine: MaskSource | None = None  # of a worker process


def _begin(source: MaskSource) -> None:
    global _mine
    _mine = source


def _count_mine(chunk: Iterable[int]) -> Counts:
    return _count_some(_mine, chunk) if _mine is not None else Counts()


def _count_some(source: MaskSource, chunk: Iterable[int]) -> Counts:
    counts = Counts()
    for index in chunk:
        name = source.names[index]
        try:
            mask = source.read(index)
        except FileNotFoundError:
            counts.problem("missing", name)
        except Exception as error:  # one broken file must not end the count of all others
            counts.problem("unreadable", f"{name}: {type(error).__name__}: {error}")
        else:
            counts.add_mask(mask, source.ignore_index, name)
    return counts
