"""How frequent each class is in a batch."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from .error_sums import negative_count, positive_count

Tensor = Any


def log_odds_of_labels(inputs: Inputs) -> Tensor:
    """The logarithm of each class's share in the batch, or with sigmoids of its odds, one more pixel of each counted.

    Returns:
        `[1, C]`, without gradient; under a softmax a number for all classes is left out, which changes no probability.
    """
    with paddle.no_grad():
        log_positives = _log_count(positive_count(inputs))
        return log_positives if inputs.multiclass else log_positives - _log_count(negative_count(inputs))


def _log_count(count: Tensor) -> Tensor:
    return paddle.log(count.detach().sum(axis=0, keepdim=True) + 1)
