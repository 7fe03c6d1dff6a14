"""Distance maps that are known already, because the data pipeline has computed them beside the labels.

A known map is signed: positive inside its mask, negative outside, +inf or -inf where a mask is full or empty. So it
tells which mask it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
import paddle

from ..i18n import Message, _
from ..known_spacing import Spacing
from ..numeric import name_of
from .known import Known, tensor_of

Tensor = Any
Rows = list[list[float]]


@dataclass
class Distances(Known):
    """Signed distances `[N, C, *S]`, and the spacing of each sample."""

    KEY = "signed"

    signed: Tensor
    spacing: Rows

    @classmethod
    def fits(cls, maps: Mapping[str, Any]) -> bool:
        """They have an axis for the channels."""
        return len(getattr(maps.get(cls.KEY), "shape", ())) >= 3

    @classmethod
    def read(cls, maps: Mapping[str, Any]) -> Distances:
        """Of a batch."""
        signed = tensor_of(maps[cls.KEY])
        axes = signed.ndim - 2
        spacing: Any = np.asarray(maps.get("spacing", [1.0] * axes), "float64").reshape(-1, axes)
        return cls(signed, _rows(spacing[0] if len(spacing) == 1 else spacing, signed.shape[0], axes))

    @property
    def unused(self) -> Message:
        """The options of the transform are those of the loss."""
        return _(
            "known distance maps were given, but no loss could use them: num_classes, spacing or ignore_index "
            "of DistanceMaps differ from those of the model and the losses, or a later transform changed the "
            "labels"
        )

    def candidate(self, shape: list[int], spacing: Spacing | None, dtype: str) -> Tensor | None:
        """Signed distances that may be those of masks of this shape."""
        signed = self.signed[:, -shape[1] :] if shape[1] <= self.signed.shape[1] else self.signed
        rows = _rows(spacing, shape[0], len(shape) - 2)
        if rows != self.spacing or name_of(signed.dtype) != dtype or list(signed.shape) != shape:
            return None
        return signed

    def mark(self) -> None:
        """They were used."""
        self.used = True

    def find(self, mask: Tensor, spacing: Spacing | None, dtype: str) -> Tensor | None:
        """The signed distances of a mask if they are known: of all channels, or of all without the background."""
        signed = self.candidate(list(mask.shape), spacing, dtype)
        if signed is None:
            return None
        signed = signed.contiguous()  # else each operator would copy the channels that count
        same = (signed > paddle.zeros([], signed.dtype)) == mask
        exactly = bool(same.all())
        if not exactly and bool(same.any()):  # nowhere the same: the complement, with the same boundary
            return None
        self.used = True
        return signed if exactly else -signed


def candidate(like: Tensor, skip: int, spacing: Spacing | None) -> tuple[Tensor, Callable[[], None]] | None:
    """Known maps for a kernel, which looks itself whether they fit, and what it calls then; None if there are none.

    Args:
        like: a tensor of the logits' shape and dtype.
        skip: channels that are left out.
        spacing: size of a pixel along each axis, 1 if None; or a row of them for each sample.
    """
    known = Distances.here()
    if known is None:
        return None
    n, c, *space = (int(size) for size in like.shape)
    signed = known.candidate([n, c - skip, *space], spacing, name_of(like.dtype))
    if signed is None or str(signed.place) != str(like.place):
        return None
    return signed, known.mark


def find_signed(mask: Tensor, spacing: Spacing | None, dtype: Any) -> Tensor | None:
    """The known distances of a mask, negative outside, or None. Comparing waits for the device."""
    known = Distances.here()
    if known is None:
        return None
    return known.find(mask, spacing, name_of(dtype))


def find(mask: Tensor, spacing: Spacing | None, dtype: Any) -> Tensor | None:
    """The known distances of a mask to the other side of its boundary, 0 where it has none, or None."""
    signed = find_signed(mask, spacing, dtype)
    return None if signed is None else paddle.masked_fill(signed.abs(), paddle.isinf(signed), 0.0)


def _rows(spacing: Spacing | None, samples: int, axes: int) -> Rows:
    """A row for each sample."""
    table = np.ones(axes) if spacing is None else np.asarray(spacing, "float64")
    return np.broadcast_to(table, (samples, axes)).tolist() if table.ndim < 2 else table.tolist()  # type: ignore[no-any-return]
