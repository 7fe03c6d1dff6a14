"""Formulas of the probability that a pixel's true label was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable

import paddle

from . import numeric

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any
Balance = tuple[Any, Any]


def cross_entropy(log_p: Tensor) -> Tensor:
    """-log p_t."""
    return -log_p


def focal(log_p: Tensor, gamma: float) -> Tensor:
    """-(1 - p_t)^gamma log p_t."""
    return -numeric.power(-paddle.expm1(log_p), gamma) * log_p


def poly1(log_p: Tensor, epsilon: float) -> Tensor:
    """-log p_t + epsilon (1 - p_t)."""
    return -log_p - epsilon * paddle.expm1(log_p)


def expected(
    inputs: Inputs,
    of: Callable[[Tensor], Tensor],
    weight: Tensor | None = None,
    balance: Balance | None = None,
) -> Tensor:
    """Each pixel's loss `of(log p)` of its true label; under soft targets the mean over the labels it may have.

    Args:
        inputs: clean tensors.
        of: loss of a log-probability.
        weight: weight of each class, `[1, C, 1, ...]`.
        balance: factors of positives and of negatives, for the sigmoid modes.

    Returns:
        `[N, 1, *S]` (multilabel `[N, C, *S]`), 0 where ignored.
    """
    g, mask = inputs.target, inputs.mask
    if not inputs.multiclass:
        positive, negative = balance or (1.0, 1.0)
        share = mask if weight is None else mask * weight
        if inputs.soft:
            return share * (g * positive * of(inputs.log_prob) + (1 - g) * negative * of(inputs.log_rest))
        return share * (g * positive + (1 - g) * negative) * of(inputs.log_true)
    if inputs.soft:
        share = g if weight is None else g * weight
        return (share * of(inputs.log_prob)).sum(axis=1, keepdim=True)
    share = mask if weight is None else mask * of_label(weight, inputs)
    return share * of(inputs.log_true)


def spread(inputs: Inputs, of: Callable[[Tensor], Tensor], weight: Tensor | None = None) -> Tensor:
    """Each pixel's loss under a target that is the same for every label (label smoothing)."""
    if inputs.multiclass:
        values = of(inputs.log_prob) if weight is None else of(inputs.log_prob) * weight
        return values.mean(axis=1, keepdim=True) * inputs.mask
    share = inputs.mask if weight is None else inputs.mask * weight
    return share * (of(inputs.log_prob) + of(inputs.log_rest)) / 2


def per_channel(numbers: Sequence[float], inputs: Inputs) -> Tensor:
    """C numbers as `[1, C, 1, ...]`."""
    shape = [1, -1] + [1] * (inputs.logits.ndim - 2)
    return paddle.to_tensor(numbers, dtype=inputs.logits.dtype).reshape(shape)


def of_label(table: Tensor, inputs: Inputs) -> Tensor:
    """The entry of each pixel's label in a table `[1, C, 1, ...]`, `[N, 1, *S]`."""
    return paddle.gather_nd(table.flatten(), inputs.labels.unsqueeze(-1))
