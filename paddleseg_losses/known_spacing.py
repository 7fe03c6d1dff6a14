"""The size of a voxel where the data knows it: each case of a medical dataset has a spacing of its own.

A loss that has no `spacing` of its own then measures in the unit of its batch, sample by sample.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .errors import InputError
from .i18n import _

Row = tuple[float, ...]  # one number for each axis
Spacing = Sequence[Any]  # a row for all samples, or one for each


@dataclass(frozen=True)
class _Known:
    rows: tuple[Row, ...]
    space: tuple[int, ...] | None  # the image's size to which they belong


_current: ContextVar[_Known | None] = ContextVar("known_spacing", default=None)  # each thread has its own


@contextmanager
def known_spacing(spacing: Any, space: Sequence[int] | None = None) -> Iterator[None]:
    """Let losses inside the block that have no `spacing` of their own measure with that of the batch.

    Args:
        spacing: size of a voxel along each axis: `[axes]` for all samples, or `[N, axes]`; None changes nothing.
        space: size of the images that it belongs to. Smaller outputs of the same images, as under deep supervision,
            then have voxels that are larger by the same ratio; None if all outputs have the same size.
    """
    token = _current.set(_current.get() if spacing is None else _read(spacing, space))
    try:
        yield
    finally:
        _current.reset(token)


def spacing_of(samples: int, space: Sequence[int]) -> Spacing | None:
    """The known spacing of a batch: one row for all its samples if they agree, else one for each; None if unknown."""
    known = _current.get()
    if known is None:
        return None
    rows, whole = known.rows, known.space or tuple(space)
    alike = len(set(rows)) == 1
    if len(rows[0]) != len(space) or not (alike or len(rows) == samples):
        warnings.warn(
            str(
                _(
                    "the spacing of the batch is not used: it has shape {shape}, the output of the model {samples} "
                    "samples of {axes} axes; distances are in pixels",
                    shape=[len(rows), len(rows[0])],
                    samples=samples,
                    axes=len(space),
                )
            ),
            stacklevel=2,
        )
        return None
    scaled = tuple(tuple(step * (big / small) for step, big, small in zip(row, whole, space)) for row in rows)
    return scaled[0] if alike else scaled


@contextmanager
def sample_alone(index: int) -> Iterator[None]:
    """Let losses inside the block, which are given one sample of the batch alone, measure with its spacing."""
    known = _current.get()
    shared = known is None or len(known.rows) == 1
    token = _current.set(known if known is None or shared else replace(known, rows=(known.rows[index],)))
    try:
        yield
    finally:
        _current.reset(token)


def varies(spacing: Spacing | None) -> bool:
    """Whether there is a row for each sample."""
    return spacing is not None and len(spacing) > 0 and not np.isscalar(spacing[0])


def diagonal(space: Sequence[int], spacing: Spacing | None) -> float:
    """What no distance in the images exceeds; a size that a static graph does not know, -1, counts as 1."""
    steps = np.ones(len(space)) if spacing is None else np.asarray(spacing, "float64")
    return float(np.linalg.norm(steps * np.maximum(space, 1), axis=-1).max())


def _read(spacing: Any, space: Sequence[int] | None) -> _Known:
    table = np.asarray(spacing, "float64")
    table = table[None] if table.ndim == 1 else table
    if table.ndim != 2 or 0 in table.shape or not (np.isfinite(table).all() and (table > 0).all()):
        raise InputError(
            _("known_spacing was given {value}.", value=np.asarray(spacing).tolist()),
            _("numbers > 0: one for each axis, or a row of them for each sample"),
            _("give the spacing in the order of the axes of the images"),
        )
    return _Known(tuple(map(tuple, table.tolist())), None if space is None else tuple(int(size) for size in space))
