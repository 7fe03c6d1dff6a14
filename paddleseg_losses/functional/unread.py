"""NaN where a formula does not read every pixel: it must not end in an ordinary number."""

from __future__ import annotations

import math
from typing import Any

import paddle

from ..inputs import Inputs

Tensor = Any


def nan_or_0(inputs: Inputs) -> Tensor:
    """NaN for each sample and channel whose scores hold one among the pixels that count, else 0, `[N, C]`."""
    with paddle.no_grad():
        any_nan = paddle.logical_and(paddle.isnan(inputs.scores), inputs.valid)
        any_nan = any_nan.any(axis=list(range(2, any_nan.ndim)))
        if inputs.multiclass:  # one score makes every share of its pixel NaN
            any_nan = any_nan.any(axis=1, keepdim=True)
        result = paddle.where(any_nan, paddle.full([], math.nan, inputs.dtype), paddle.zeros([], inputs.dtype))
        return result.expand([-1, inputs.channels])
