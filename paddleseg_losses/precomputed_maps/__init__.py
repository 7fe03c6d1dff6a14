"""What the data pipeline has computed of the labels beforehand: distance maps, tubes, instances, weights of pixels.

Each kind tells which labels it belongs to, and it is used for exactly those labels and nothing else: what belongs to
another batch, another crop or other options is never used by mistake; the loss then computes as if it were not there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import InputError
from ..i18n import Message, _
from .distances import Distances
from .distances import candidate as candidate
from .distances import find as find
from .distances import find_signed as find_signed
from .known import Known, current, known_now
from .labels import Instances as Instances
from .labels import Tubes as Tubes
from .labels import Weights as Weights

KINDS: tuple[type[Known], ...] = (Distances, Tubes, Instances, Weights)


@contextmanager
def known_maps(maps: Mapping[str, Any] | None) -> Iterator[None]:
    """Let the losses inside the block use maps of the labels instead of computing them.

    Args:
        maps: a batch of what one of the transforms has made, or of several in one mapping; None changes nothing.
    """
    if maps is None:
        yield
        return
    mine = _read(maps)
    token = current.set({**known_now(), **{type(each): each for each in mine}})
    try:
        yield
    finally:
        current.reset(token)
    for each in mine:
        if each.asked and not each.used:
            warnings.warn(str(each.unused), stacklevel=3)


@contextmanager
def unknown_maps() -> Iterator[None]:
    """Let nothing be known inside the block, for values that are no losses."""
    token = current.set({})
    try:
        yield
    finally:
        current.reset(token)


def _read(maps: Mapping[str, Any]) -> list[Known]:
    known = [kind.read(maps) for kind in KINDS if isinstance(maps, Mapping) and kind.fits(maps)]
    if not known:
        raise InputError(
            _described(maps),
            _("a batch of maps from a transform, such as those of DistanceMaps: signed [N, C, *S] and spacing"),
            _("pass data['distance_maps'] of a paddle.io.DataLoader"),
        )
    return known


def _described(maps: Any) -> Message:
    if not isinstance(maps, Mapping):
        return _("known_maps was given a {type}.", type=type(maps).__name__)
    shapes = {str(key): list(getattr(value, "shape", ())) for key, value in maps.items()}
    return _("known_maps was given arrays of shapes {shapes}.", shapes=shapes)
