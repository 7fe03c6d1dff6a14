"""The kernels for CUDA on a few numbers, against NumPy in float64: made before the first use of a card."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import paddle

from ...i18n import Text, _
from . import device
from .tiling import add_up

CLOSE = 1e-5  # relative to the largest number

Check = Callable[[Any], tuple[Any, Any]]  # from a place to what kernels make there, and what it should be


def _sums(place: Any) -> tuple[Any, Any]:
    parts = np.arange(2 * 300 * 3, dtype="float32").reshape(2, 300, 3)
    return add_up(paddle.to_tensor(parts, place=place)).numpy(), parts.sum(1, dtype="float64")


CHECKS: dict[str, Check] = {"sums": _sums}


def disagreement(index: int) -> Text | None:
    """What a card's kernels compute wrongly, if anything."""
    place = device.place_of(index)
    with paddle.no_grad():
        for name, check in CHECKS.items():
            found, expected = check(place)
            off = np.abs(np.asarray(found, "float64") - expected).max() / np.abs(expected).max()
            if not off <= CLOSE:  # NaN too
                return _("its kernel {name!r} is off by {off}", name=name, off=f"{off:.1e}")
    return None
