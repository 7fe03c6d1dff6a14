"""Memory for what a kernel writes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import paddle

Tensor = Any

_SEARCH = "FLAGS_check_nan_inf"
_SMALL = 1 << 14  # numbers, which are filled in less time than the flag is read


def unfilled(shape: Sequence[int], dtype: Any = "float32") -> Tensor:
    """A tensor with any contents; zeros while Paddle searches all that its operators make for NaN, this too."""
    if 0 < math.prod(shape) <= _SMALL:  # Paddle 2.6 copies nothing that is empty
        return _zeros(tuple(shape), dtype, paddle.get_device()).clone()  # in a fifth of the time of making them
    return paddle.full(shape, 0, dtype) if paddle.get_flags(_SEARCH)[_SEARCH] else paddle.empty(shape, dtype)


@lru_cache(maxsize=256)
def _zeros(shape: tuple[int, ...], dtype: Any, device: str) -> Tensor:
    return paddle.full(shape, 0, dtype)
