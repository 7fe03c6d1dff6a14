"""How frequent each class is in a batch."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from ..numeric import spatial_sum
from .error_sums import COUNT, POSITIVE, negative_count, sum_of

Tensor = Any


def log_odds_of_labels(inputs: Inputs) -> Tensor:
    """The logarithm of each class's share in the batch, or with sigmoids of its odds, one more pixel of each counted.

    Returns:
        `[1, C]`, without gradient; under a softmax a number for all classes is left out, which changes no probability.
    """
    with paddle.no_grad():
        positives = spatial_sum(inputs.target) if inputs.soft else sum_of(inputs, POSITIVE, COUNT)
        log_positives = _log_count(positives)
        return log_positives if inputs.multiclass else log_positives - _log_count(negative_count(inputs))


def _log_count(count: Tensor) -> Tensor:
    return paddle.log(count.detach().sum(axis=0, keepdim=True) + 1)
