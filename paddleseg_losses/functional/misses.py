"""How many pixels of each label are taken for another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

from .. import numeric
from ..inputs import Inputs
from ..kernels import find
from .labels import side_counts

Tensor = Any


def miss_rates(inputs: Inputs) -> tuple[Any, Any]:
    """The share of missed pixels among those of each channel that are positive, and among those that are negative.

    Returns:
        Two tables `[1, C]` over the batch, without gradient: shares of max(misses, 1) in max(pixels, 1). The second is
        1 in a multiclass problem, where every pixel is a positive of its class.
    """
    kernel = find("label_misses", inputs.problem)
    if kernel is not None:
        missed, count = kernel(inputs.problem), side_counts(inputs).sum(axis=1)
        shares = np.maximum(missed, 1) / np.maximum(count, 1)
        positive, negative = (numeric.from_host(side[None], inputs.dtype) for side in shares)
        return positive, negative
    with paddle.no_grad():
        said = _said(inputs)
        positive = _share(inputs.positive, paddle.logical_not(said), inputs.dtype)
        return positive, 1.0 if inputs.multiclass else _share(inputs.negative, said, inputs.dtype)


def _said(inputs: Inputs) -> Tensor:
    """Where a channel is what the scores say, the first of equally likely ones."""
    scores = inputs.scores
    if inputs.multiclass:
        return numeric.is_largest(scores)
    return scores > (0.0 if inputs.problem.from_logits else 0.5)


def _share(pixels: Tensor, wrong: Tensor, dtype: Any) -> Tensor:
    """The share of wrong ones among the pixels of each channel, `[1, C]`."""
    missed, count = (_counted(where).astype(dtype) for where in (paddle.logical_and(pixels, wrong), pixels))
    return missed.clip(min=1) / count.clip(min=1)


def _counted(where: Tensor) -> Tensor:
    """Number of pixels of each channel."""
    return numeric.spatial_sum(where.astype("int64")).sum(axis=0, keepdim=True)
