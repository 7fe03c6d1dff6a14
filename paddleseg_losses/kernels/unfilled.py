"""Memory for what a kernel writes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import paddle

Tensor = Any

_SEARCH = "FLAGS_check_nan_inf"
_SMALL = 1 << 14  # numbers, which are filled in less time than the flag is read


def unfilled(shape: Sequence[int], dtype: Any = "float32") -> Tensor:
    """A tensor with any contents; zeros while Paddle searches all that its operators make for NaN, this too."""
    if math.prod(shape) <= _SMALL or paddle.get_flags(_SEARCH)[_SEARCH]:
        return paddle.full(shape, 0, dtype)  # `zeros` does the same more slowly
    return paddle.empty(shape, dtype)


def unfilled_like(x: Tensor, dtype: Any = None) -> Tensor:
    """`unfilled` in the shape of a tensor and, unless another is given, of its type."""
    if math.prod(x.shape) <= _SMALL:
        return paddle.full_like(x, 0, dtype)  # in half the time of `full`
    return unfilled(x.shape, x.dtype if dtype is None else dtype)
