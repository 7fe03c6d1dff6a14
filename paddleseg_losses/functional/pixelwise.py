"""The values of single pixels by a formula of the error, and their totals."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
import paddle

from .. import numeric
from ..inputs import Inputs
from ..kernels import find
from ..kernels.pixelwise import as_columns
from . import error_sums
from .error_sums import SumSpec, negative_count, of_every_class, of_other_classes, positive_count, sum_of
from .labels import are_counted, side_counts, total_count
from .pixel_formulas import CROSS_ENTROPY, ONE, Formula, factor_of, needs, of_true_labels, value_of
from .soft_targets import kernel_sums

Tensor = Any
Balance = tuple[Any, Any]  # factors of positives and negatives, numbers or `[N or 1, C]`


def shareable(formula: Formula, inputs: Inputs) -> tuple[SumSpec, ...]:
    """The sums of a total and of its normaliser, in one table with those of other terms."""
    return (*needs(formula, inputs), *needs(ONE, inputs))


def can_share(inputs: Inputs) -> bool:
    """Whether a total can be made from sums that other terms read too."""
    return not inputs.soft


def sums_soft_targets(inputs: Inputs, formula: Formula) -> bool:
    """Whether a kernel would make a total of soft targets from these hard labels: it knows cross entropy."""
    return formula == CROSS_ENTROPY and inputs.pixel_weight is None and find("error_sums", inputs.problem) is not None


def _from_table(inputs: Inputs, formula: Formula) -> bool:
    """Whether to make a total from sums: they are known already, or a kernel makes those of other terms with them."""
    wanted = shareable(formula, inputs)
    if not can_share(inputs):
        return False
    if all(spec in inputs.cache for spec in needs(formula, inputs)):
        return True
    if find("error_sums", inputs.problem) is None:
        return False
    return error_sums.has_other_requests(inputs, wanted) or find("pixel_total", inputs.problem) is None


def pixel_total(
    inputs: Inputs,
    labelled: Inputs,
    formula: Formula,
    weight: Tensor | None,
    balance: Balance | None,
    mean: bool,
    share: bool,
) -> Tensor:
    """The sum of `pixel_values`, times the pixel weight, or its mean weighted by classes and pixels.

    Args:
        inputs: clean tensors.
        labelled: the same, or that whose labels the soft targets of `inputs` are made of: they decide the weights.
        formula: of the probability of a label.
        weight: weight of each class, `[1, C]`.
        balance: as for `pixel_values`; the normaliser of the mean does not know it.
        mean: whether to divide by the sum of the weights.
        share: whether other terms may read the sums too.
    """
    if (share or find("pixel_total", inputs.problem) is None) and _from_table(inputs, formula):
        total = _from_sums(inputs, formula, weight, balance)
        return _normalised(total, inputs, weight) if mean else total
    kernel = find("pixel_total", inputs.problem)
    if kernel is None:
        soft = kernel_sums(inputs) if formula == CROSS_ENTROPY else None
        if soft is None:
            return reduce_values(labelled, pixel_values(inputs, formula, weight, balance), weight, mean)
        total = _of_sides(inputs, soft.nll, soft.nll_other, *_factors(weight, balance))
        counts = positive_count(labelled), negative_count(labelled)
        return numeric.safe_divide(total, _of_sides(labelled, *counts, *_factors(weight, None))) if mean else total
    table = as_columns(_columns(inputs, formula, *_factors(weight, balance)))
    if mean:
        normaliser = _counted(inputs, weight)
        table = table / normaliser if normaliser else np.zeros_like(table)
    specs = error_sums.flat(needs(formula, inputs))
    return kernel(inputs.problem, specs, table, weight=inputs.pixel_weight, differentiable=inputs.differentiable)


def means_of_samples(inputs: Inputs, formula: Formula, weight: Tensor | None) -> Tensor:
    """The mean of `pixel_values` over the pixels of each sample, `[N]`."""
    total, normaliser = (_from_sums(inputs, each, weight, axis=1) for each in (formula, ONE))
    return numeric.safe_divide(total, normaliser)


def reduce_values(inputs: Inputs, values: Tensor, weight: Tensor | None, mean: bool) -> Tensor:
    """The sum of values, times the pixel weight, or its mean weighted by classes and pixels."""
    total = numeric.grand_total(inputs.weighed(values))
    return numeric.safe_divide(total, _weights(inputs, weight)) if mean else total


def _weights(inputs: Inputs, weight: Tensor | None) -> Tensor:
    """The sum of the weights of all pixels: of their labels, times their own."""
    return numeric.grand_total(inputs.weighed(pixel_values(inputs, ONE, weight)))


def _normalised(total: Tensor, inputs: Inputs, weight: Tensor | None) -> Tensor:
    """A total of sums over that of the weights."""
    if weight is not None or inputs.pixel_weight is not None or not are_counted(inputs):
        return numeric.safe_divide(total, _from_sums(inputs, ONE, weight))
    count = total_count(inputs)
    return total / count if count else total * 0.0


def _counted(inputs: Inputs, weight: Tensor | None) -> float:
    """The sum of the weights from what a kernel has added for each label."""
    factors, counts = as_columns(_columns(inputs, ONE, *_factors(weight, None))), side_counts(inputs)
    return float(sum((factors[..., m] * counts[side]).sum() for m, (side, _) in enumerate(needs(ONE, inputs))))


def _from_sums(
    inputs: Inputs, formula: Formula, weight: Tensor | None, balance: Balance | None = None, axis: int | None = None
) -> Tensor:
    """The sum of `pixel_values` over all pixels, or those of each sample (axis 1): no pixel's value is kept."""
    positive, negative = _factors(weight, balance)
    factors, sums = (positive, negative), []
    for spec, own in factor_of(formula, inputs).items():
        factor = own * factors[spec.side]
        unscaled = sum_of(inputs, *spec)
        sums.append((unscaled if isinstance(factor, float) and factor == 1 else factor * unscaled).sum(axis))
    return reduce(add, sums)


def pixel_values(
    inputs: Inputs, formula: Formula, weight: Tensor | None = None, balance: Balance | None = None
) -> Tensor:
    """Each pixel's loss at its true label; under soft targets the mean over the labels it may have.

    Args:
        inputs: clean tensors.
        formula: of the probability of a label.
        weight: weight of each class, `[1, C]`.
        balance: factors of positives and of negatives; in a multiclass problem every pixel is a positive of its class.

    Returns:
        `[N, 1, *S]` (multilabel `[N, C, *S]`), 0 where ignored.
    """
    positive, negative = _factors(weight, balance)
    kernel = find("pixel_values", inputs.problem)
    if kernel is not None and formula != ONE:
        specs = error_sums.flat(needs(formula, inputs))
        return kernel(inputs.problem, specs, _columns(inputs, formula, positive, negative))
    if inputs.soft:
        return values_of_targets(inputs, formula, inputs.target, weight, balance)
    positive, negative = _broadcast_spatial(positive, inputs), _broadcast_spatial(negative, inputs)
    # `where` keeps less for the gradient than a product with a mask.
    values = inputs.mask
    if formula != ONE:
        values = of_true_labels(formula, inputs)
        values = paddle.where(inputs.valid, values, paddle.zeros([], values.dtype))
    if weight is None and balance is None:
        return values
    if inputs.multiclass:
        return values * (of_label(positive, inputs) if paddle.is_tensor(positive) else positive)
    positive, negative = (x if paddle.is_tensor(x) else paddle.full([], x, values.dtype) for x in (positive, negative))
    return values * paddle.where(inputs.positive, positive, negative)


def _of_sides(inputs: Inputs, positives: Tensor, negatives: Tensor, positive: Any, negative: Any) -> Tensor:
    """Sums over the pixels of each side, with the factors of the side, added."""
    total = (positive * positives).sum()
    return total if inputs.multiclass else total + (negative * negatives).sum()


def values_of_targets(
    inputs: Inputs, formula: Formula, target: Tensor, weight: Tensor | None = None, balance: Balance | None = None
) -> Tensor:
    """The mean over the labels that a pixel may have, by shares `[N, C, *S]`, 0 where ignored."""
    positive, negative = (_broadcast_spatial(factor, inputs) for factor in _factors(weight, balance))
    yes = _of_share(target, value_of(formula, of_every_class(inputs))) * positive
    if inputs.multiclass:
        return yes.sum(axis=1, keepdim=True)
    no = _of_share(1 - target, value_of(formula, of_other_classes(inputs))) * negative
    return paddle.masked_fill(yes + no, paddle.logical_not(inputs.valid), 0.0)


def _of_share(share: Tensor, cost: Any) -> Tensor:
    """Share times cost. Of nothing an infinite cost is nothing; a finite one is still the slope in the share."""
    if not paddle.is_tensor(cost):
        return share * cost
    return share * paddle.masked_fill(cost, paddle.logical_and(share <= 0, paddle.isinf(cost)), 0.0)


def _columns(inputs: Inputs, formula: Formula, positive: Any, negative: Any) -> list[tuple[Any, float]]:
    """What a kernel multiplies each function of the error by: a number or `[N or 1, C]`, times a number."""
    sides = (positive, negative)
    return [(sides[spec.side], factor) for spec, factor in factor_of(formula, inputs).items()]


def _factors(weight: Tensor | None, balance: Balance | None) -> Balance:
    """Factors of a class's positives and negatives."""
    positive, negative = balance or (1.0, 1.0)
    return (positive, negative) if weight is None else (weight * positive, weight * negative)


def _broadcast_spatial(factor: Any, inputs: Inputs) -> Any:
    """A factor `[N or 1, C]` with axes for the space."""
    return factor.unsqueeze(list(range(2, inputs.axes + 2))) if paddle.is_tensor(factor) else factor


def smoothed_values(
    inputs: Inputs, formula: Formula, smoothing: float, weight: Tensor | None = None, balance: Balance | None = None
) -> Tensor:
    """`pixel_values` under targets of which a share is spread over all labels."""
    positive, negative = (_broadcast_spatial(factor, inputs) for factor in _factors(weight, balance))
    spread = value_of(formula, of_every_class(inputs)) * positive
    if inputs.multiclass:
        spread = spread.mean(axis=1, keepdim=True)
    else:
        spread = (spread + value_of(formula, of_other_classes(inputs)) * negative) / 2
    spread = paddle.where(inputs.valid, spread, paddle.zeros([], spread.dtype))  # infinity times 0 would be no number
    if smoothing == 1:  # so would that of the label alone
        return spread
    return (1 - smoothing) * pixel_values(inputs, formula, weight, balance) + smoothing * spread


def of_label(table: Tensor, inputs: Inputs) -> Tensor:
    """The entry of each pixel's label in a table `[1, C]`, `[N, 1, *S]`; of one of several classes, their mean."""
    table = table.flatten()
    means = [paddle.stack([table[c] for c in members]).mean() for members in inputs.problem.label_sets]
    return paddle.gather_nd(
        paddle.concat([table, paddle.stack(means)]) if means else table, inputs.labels.unsqueeze(-1)
    )
