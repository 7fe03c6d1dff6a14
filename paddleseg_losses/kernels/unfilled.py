"""Memory for what a kernel writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

Tensor = Any

_SEARCH = "FLAGS_check_nan_inf"


def unfilled(shape: Sequence[int], dtype: Any = "float32") -> Tensor:
    """A tensor with any contents; zeros while Paddle searches all that its operators make for NaN, this too."""
    searched = paddle.get_flags(_SEARCH)[_SEARCH]
    return (paddle.zeros if searched else paddle.empty)(shape, dtype)
