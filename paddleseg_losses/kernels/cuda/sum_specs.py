"""Which sums a launch makes, as `functions.cuh` declares it.

It imports nothing of ours, so that a script without Paddle can load it from its file.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

Spec = tuple[int, int, float, float]  # side, kind, exponent, clip, as in `native/api.h`

POSITIVE = 0
MOST = 12  # of a launch
_COUNT = 0
_NLL = 4  # this kind and those after it read the negative log-likelihood


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
        ("negative_nll", ctypes.c_int),
        ("of", _Spec * MOST),
    )

    @classmethod
    def of_list(cls, specs: Sequence[Spec]) -> SumSpecs:
        """As many as a launch makes."""
        ordered = sorted(range(len(specs)), key=lambda column: specs[column][0])
        positives = sum(spec[0] == POSITIVE for spec in specs)
        logits = any(spec[1] != _COUNT for spec in specs)
        nll = any(spec[1] >= _NLL for spec in specs)
        negative_nll = any(spec[1] >= _NLL and spec[0] != POSITIVE for spec in specs)
        listed: Any = (_Spec * MOST)(*(_Spec(*specs[column], column) for column in ordered))
        return cls(len(specs), positives, int(logits), int(nll), int(negative_nll), listed)
