"""Memory for what a kernel writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
from paddle.base import core

Tensor = Any


def unfilled(shape: Sequence[int], dtype: Any = "float32") -> Tensor:
    """A tensor with any contents; zeros while Paddle searches all that its operators make for NaN, this too."""
    searched = core.globals()["FLAGS_check_nan_inf"]  # `paddle.get_flags` takes longer than the rest
    return (paddle.zeros if searched else paddle.empty)(shape, dtype)
