"""Formulas of the probability that a pixel's true label was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

import paddle

from . import numeric

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any
Factors = Any  # multiclass: C numbers, one a class; sigmoid modes: a pair, for positives and negatives


def cross_entropy(log_p: Tensor) -> Tensor:
    """-log p_t."""
    return -log_p


def focal(log_p: Tensor, gamma: float) -> Tensor:
    """-(1 - p_t)^gamma log p_t."""
    return -numeric.power(-paddle.expm1(log_p), gamma) * log_p


def expected(inputs: Inputs, of: Callable[[Tensor], Tensor], factors: Factors = None) -> Tensor:
    """Each pixel's loss `of(log p)` of its true label; under soft targets the mean over the labels it may have.

    Args:
        inputs: clean tensors.
        of: loss of a log-probability.
        factors: what a label's loss is multiplied by.

    Returns:
        `[N, 1, *S]` (multilabel `[N, C, *S]`), 0 where ignored.
    """
    if inputs.multiclass:
        if inputs.soft:
            share = inputs.target if factors is None else inputs.target * per_channel(factors, inputs)
            return (share * of(inputs.log_prob)).sum(axis=1, keepdim=True)
        share = inputs.mask if factors is None else inputs.mask * of_label(factors, inputs)
        return share * of(inputs.log_true)
    positive, negative = factors or (1.0, 1.0)
    g = inputs.target
    if inputs.soft:
        return g * positive * of(inputs.log_prob) + (inputs.mask - g) * negative * of(inputs.log_rest)
    return (g * positive + (inputs.mask - g) * negative) * of(inputs.log_true)


def spread(inputs: Inputs, of: Callable[[Tensor], Tensor], factors: Factors) -> Tensor:
    """Each pixel's loss under a target that is the same for every label (label smoothing)."""
    if inputs.multiclass:
        return (of(inputs.log_prob) * per_channel(factors, inputs)).mean(axis=1, keepdim=True) * inputs.mask
    positive, negative = factors
    return (positive * of(inputs.log_prob) + negative * of(inputs.log_rest)) / 2 * inputs.mask


def per_channel(numbers: Sequence[float], inputs: Inputs) -> Tensor:
    """C numbers as `[1, C, 1, ...]`."""
    shape = [1, -1] + [1] * (inputs.logits.ndim - 2)
    return paddle.to_tensor(numbers, dtype=inputs.logits.dtype).reshape(shape)


def of_label(numbers: Sequence[float], inputs: Inputs) -> Tensor:
    """The number of each pixel's label, `[N, 1, *S]`."""
    table = paddle.to_tensor(numbers, dtype=inputs.logits.dtype)
    return paddle.gather(table, inputs.labels.flatten()).reshape(inputs.labels.shape)
