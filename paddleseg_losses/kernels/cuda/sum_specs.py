"""Which sums a launch makes, as `functions.cuh` declares it.

It imports nothing of ours, so that a script without Paddle can load it from its file.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

Spec = tuple[int, int, float, float]  # side, kind, exponent, clip, as in `native/api.h`

POSITIVE = 0
MOST = 12  # of a launch
ERROR = 2
_COUNT, _NLL = 0, 4  # the latter and those after it read the negative log-likelihood
_STRAIGHT = (_COUNT, 1, ERROR, _NLL)  # whose slope is one number times 1 - x, or one number


class _Spec(ctypes.Structure):
    _fields_ = (
        ("side", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("gamma", ctypes.c_float),
        ("clip", ctypes.c_float),
        ("column", ctypes.c_int),
    )


class SumSpecs(ctypes.Structure):
    """What a launch sums, those of positives first; each has a column of the table."""

    _fields_ = (
        ("count", ctypes.c_int),
        ("positives", ctypes.c_int),
        ("logits", ctypes.c_int),
        ("nll", ctypes.c_int),
        ("curved", ctypes.c_int),
        ("negative_nll", ctypes.c_int),
        ("of", _Spec * MOST),
    )

    @classmethod
    def of_list(cls, specs: Sequence[Spec]) -> SumSpecs:
        """As many as a launch makes; nobody may change what is returned."""
        return _listed(tuple(specs))


@lru_cache(maxsize=256)  # a loss asks for the same at each step
def _listed(specs: tuple[Spec, ...]) -> SumSpecs:
    ordered = sorted(range(len(specs)), key=lambda column: specs[column][0])
    kinds, of_negatives = [spec[1] for spec in specs], [spec[1] for spec in specs if spec[0] != POSITIVE]
    flags = (
        any(kind != _COUNT for kind in kinds),
        any(kind >= _NLL for kind in kinds),
        any(kind not in _STRAIGHT for kind in kinds),
        any(kind >= _NLL for kind in of_negatives),
    )
    listed: Any = (_Spec * MOST)(*(_Spec(*specs[column], column) for column in ordered))
    return SumSpecs(len(specs), len(specs) - len(of_negatives), *map(int, flags), listed)
