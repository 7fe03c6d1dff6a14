"""Distance maps that are known already, because the data pipeline has computed them beside the labels.

A known map is signed: positive inside its mask, negative outside, +inf or -inf where a mask is full or empty. So it
tells which mask it belongs to, and it is used for exactly that mask and nothing else: a map of another batch, another
crop or another spacing is never used by mistake; the distances are then computed as if it were not there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import paddle

from .errors import InputError
from .i18n import Message, _
from .known_spacing import Spacing
from .numeric import name_of

Tensor = Any
Rows = list[list[float]]


@dataclass
class _Known:
    signed: Tensor  # [N, C, *S]
    spacing: Rows
    asked: bool = False
    used: bool = False

    def candidate(self, shape: list[int], spacing: Spacing | None, dtype: str) -> Tensor | None:
        """Signed distances that may be those of masks of this shape."""
        self.asked = True
        signed = self.signed[:, -shape[1] :] if shape[1] <= self.signed.shape[1] else self.signed
        rows = _rows(spacing, shape[0], len(shape) - 2)
        if rows != self.spacing or name_of(signed.dtype) != dtype or list(signed.shape) != shape:
            return None
        return signed

    def mark(self) -> None:
        """They were used."""
        self.used = True

    def find(self, mask: Tensor, spacing: Spacing | None, dtype: str) -> Tensor | None:
        """The unsigned distances of a mask if they are known: of all channels, or of all without the background."""
        signed = self.candidate(list(mask.shape), spacing, dtype)
        if signed is None:
            return None
        same = (signed > 0) == mask
        if not bool(same.all()) and bool(same.any()):  # nowhere the same: the complement, with the same boundary
            return None
        self.used = True
        return paddle.where(paddle.isinf(signed), paddle.zeros_like(signed), signed.abs())


_current: ContextVar[_Known | None] = ContextVar("known_maps", default=None)  # each thread has its own


@contextmanager
def known_maps(maps: Mapping[str, Any] | None) -> Iterator[None]:
    """Let the losses inside the block use distance maps of the labels instead of computing them.

    Args:
        maps: a batch of what `DistanceMaps` made, `signed` `[N, C, *S]` and `spacing`; None changes nothing.
    """
    if maps is None:
        yield
        return
    mine = _read(maps)
    token = _current.set(mine)
    try:
        yield
    finally:
        _current.reset(token)
    if mine.asked and not mine.used:
        warnings.warn(
            str(
                _(
                    "known distance maps were given, but no loss could use them: num_classes, spacing or ignore_index "
                    "of DistanceMaps differ from those of the model and the losses, or a later transform changed the "
                    "labels"
                )
            ),
            stacklevel=3,
        )


def candidate(like: Tensor, skip: int, spacing: Spacing | None) -> tuple[Tensor, Callable[[], None]] | None:
    """Known maps for a kernel, which looks itself whether they fit, and what it calls then; None if there are none.

    Args:
        like: a tensor of the logits' shape and dtype.
        skip: channels that are left out.
        spacing: size of a pixel along each axis, 1 if None; or a row of them for each sample.
    """
    known = _current.get()
    if known is None:
        return None
    n, c, *space = (int(size) for size in like.shape)
    signed = known.candidate([n, c - skip, *space], spacing, name_of(like.dtype))
    if signed is None or not signed.place.is_cpu_place():
        return None
    return signed, known.mark


def find(mask: Tensor, spacing: Spacing | None, dtype: Any) -> Tensor | None:
    """The known distances of a mask, or None. Comparing waits for the device."""
    known = _current.get()
    if known is None or not paddle.in_dynamic_mode():
        return None
    return known.find(mask, spacing, name_of(dtype))


def _read(maps: Mapping[str, Any]) -> _Known:
    signed = maps.get("signed") if isinstance(maps, Mapping) else None
    if signed is None or len(getattr(signed, "shape", ())) < 3:
        raise InputError(
            _described(maps),
            _("a batch of maps from DistanceMaps: signed [N, C, *S] and spacing"),
            _("pass data['distance_maps'] of a paddle.io.DataLoader"),
        )
    axes = len(signed.shape) - 2
    spacing: Any = np.asarray(maps.get("spacing", [1.0] * axes), "float64").reshape(-1, axes)
    signed = signed if isinstance(signed, paddle.Tensor) else paddle.to_tensor(signed)
    return _Known(signed.detach(), _rows(spacing[0] if len(spacing) == 1 else spacing, signed.shape[0], axes))


def _rows(spacing: Spacing | None, samples: int, axes: int) -> Rows:
    """A row for each sample."""
    table = np.ones(axes) if spacing is None else np.asarray(spacing, "float64")
    return np.broadcast_to(table, (samples, axes)).tolist() if table.ndim < 2 else table.tolist()  # type: ignore[no-any-return]


def _described(maps: Any) -> Message:
    if not isinstance(maps, Mapping):
        return _("known_maps was given a {type}.", type=type(maps).__name__)
    signed = maps.get("signed")
    if signed is None:
        return _("known_maps was given no 'signed'.")
    return _("known_maps was given 'signed' of shape {shape}.", shape=list(getattr(signed, "shape", [])))
