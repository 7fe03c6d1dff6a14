"""Probabilities of every pixel and class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import paddle.nn.functional as F

from ..kernels import probabilities as kernel

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def probabilities(inputs: Inputs) -> Tensor:
    """Softmax over the classes, or a sigmoid of each channel, `[N, C, *S]`; meaningless where ignored."""
    if inputs.raw is not None:
        return kernel.probabilities(*inputs.problem())
    return F.softmax(inputs.logits, axis=1) if inputs.multiclass else F.sigmoid(inputs.logits)
