"""Formulas of the probability that a pixel's true label was given."""

from __future__ import annotations

from functools import reduce
from operator import add, truediv
from typing import Any

import numpy as np
import paddle

from .. import numeric
from ..inputs import Inputs
from ..kernels import find
from . import error_sums
from .error_sums import (
    COUNT,
    ERROR,
    NEGATIVE,
    NLL,
    POSITIVE,
    Answer,
    Function,
    SumSpec,
    of_every_class,
    of_other_classes,
    of_true_class,
    sum_of,
)
from .labels import side_counts
from .soft_targets import SoftSums, kernel_sums

Tensor = Any
Formula = tuple[tuple[Function, float], ...]  # functions of the error, with their factors
Balance = tuple[Any, Any]  # factors of positives and negatives, numbers or `[N or 1, C]`

CROSS_ENTROPY: Formula = ((NLL, 1.0),)  # -log p_t
ONE: Formula = ((COUNT, 1.0),)  # 1


def focal(gamma: float) -> Formula:
    """-(1 - p_t)^gamma log p_t."""
    return ((error_sums.focal(gamma), 1.0),)


def poly1(epsilon: float) -> Formula:
    """-log p_t + epsilon (1 - p_t)."""
    return ((NLL, 1.0), (ERROR, epsilon))


def value_of(formula: Formula, answer: Answer) -> Any:
    """The value of a formula of the error."""
    if formula == ONE:
        return 1.0
    return sum(factor * error_sums.value_of(function, answer) for function, factor in formula)


def needs(formula: Formula, inputs: Inputs) -> tuple[SumSpec, ...]:
    """The sums that add up to the total of a formula."""
    sides = (POSITIVE,) if inputs.multiclass else (POSITIVE, NEGATIVE)
    return tuple(SumSpec(side, function) for function, _ in formula for side in sides)


def shareable(formula: Formula, inputs: Inputs) -> tuple[SumSpec, ...]:
    """The sums of a total and of its normaliser, in one table with those of other terms."""
    return (*needs(formula, inputs), *needs(ONE, inputs))


def can_share(inputs: Inputs) -> bool:
    """Whether a kernel makes a total from sums that other terms read too."""
    return find("error_sums", inputs.problem) is not None


def pixel_total(
    inputs: Inputs, formula: Formula, weight: Tensor | None, balance: Balance | None, mean: bool, share: bool
) -> Tensor:
    """The sum of `pixel_values`, times the pixel weight, or its mean weighted by classes and pixels.

    Args:
        inputs: clean tensors.
        formula: of the probability of a label.
        weight: weight of each class, `[1, C]`.
        balance: as for `pixel_values`; the normaliser of the mean does not know it.
        mean: whether to divide by the sum of the weights.
        share: whether other terms may read the sums too.
    """
    kernel = find("pixel_total", inputs.problem)
    if kernel is None:
        soft = kernel_sums(inputs) if formula == CROSS_ENTROPY else None
        if soft is not None:
            return _of_soft_sums(inputs, soft, weight, balance, mean)
        return reduce_values(inputs, pixel_values(inputs, formula, weight, balance), weight, mean)
    if share and error_sums.has_other_requests(inputs, shareable(formula, inputs)) and can_share(inputs):
        total = _from_sums(inputs, formula, weight, balance)
        certain = weight is None and inputs.pixel_weight is None and inputs.any_valid is True
        divide = truediv if certain else numeric.safe_divide
        return divide(total, _from_sums(inputs, ONE, weight)) if mean else total
    table = _coefficients(inputs, formula, *_factors(weight, balance))
    if mean:
        normaliser = _counted(inputs, weight)
        table = table / normaliser if normaliser else np.zeros_like(table)
    specs = error_sums.flat(needs(formula, inputs))
    return kernel(inputs.problem, specs, table, weight=inputs.pixel_weight, differentiable=inputs.differentiable)


def reduce_values(inputs: Inputs, values: Tensor, weight: Tensor | None, mean: bool) -> Tensor:
    """The sum of values, times the pixel weight, or its mean weighted by classes and pixels."""
    total = numeric.grand_total(inputs.weighed(values))
    return numeric.safe_divide(total, _weights(inputs, weight)) if mean else total


def _weights(inputs: Inputs, weight: Tensor | None) -> Tensor:
    """The sum of the weights of all pixels: of their labels, times their own."""
    return numeric.grand_total(inputs.weighed(pixel_values(inputs, ONE, weight)))


def _counted(inputs: Inputs, weight: Tensor | None) -> float:
    """The same from what a kernel has added for each label."""
    factors, counts = _coefficients(inputs, ONE, *_factors(weight, None)), side_counts(inputs)
    return float(sum((factors[..., m] * counts[side]).sum() for m, (side, _) in enumerate(needs(ONE, inputs))))


def _from_sums(inputs: Inputs, formula: Formula, weight: Tensor | None, balance: Balance | None = None) -> Tensor:
    """The sum of `pixel_values` over all pixels: no value of a single pixel is kept."""
    positive, negative = _factors(weight, balance)
    factors, factor_of = (positive, negative), dict(formula)
    sums = []
    for spec in needs(formula, inputs):
        factor = factor_of[spec.function] * factors[spec.side]
        unscaled = sum_of(inputs, *spec)
        sums.append((unscaled if isinstance(factor, float) and factor == 1 else factor * unscaled).sum())
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
        return kernel(inputs.problem, specs, _coefficients(inputs, formula, positive, negative))
    positive, negative = _broadcast_spatial(positive, inputs), _broadcast_spatial(negative, inputs)
    if inputs.soft:
        return _of_soft_targets(inputs, formula, positive, negative)
    # `where` keeps less for the gradient than a product with a mask.
    values = inputs.mask
    if formula != ONE:
        values = value_of(formula, of_true_class(inputs))
        values = paddle.where(inputs.valid, values, paddle.zeros([], values.dtype))
    if weight is None and balance is None:
        return values
    if inputs.multiclass:
        return values * (of_label(positive, inputs) if paddle.is_tensor(positive) else positive)
    positive, negative = (x if paddle.is_tensor(x) else paddle.full([], x, values.dtype) for x in (positive, negative))
    return values * paddle.where(inputs.positive, positive, negative)


def _of_soft_sums(inputs: Inputs, sums: SoftSums, weight: Tensor | None, balance: Balance | None, mean: bool) -> Tensor:
    """The cross entropy of soft targets, or its weighted mean, from sums over the pixels."""
    (positive, negative), (weight_positive, weight_negative) = _factors(weight, balance), _factors(weight, None)
    total, normaliser = (positive * sums.nll).sum(), (weight_positive * sums.positives).sum()
    if not inputs.multiclass:
        total = total + (negative * sums.nll_other).sum()
        normaliser = normaliser + (weight_negative * sums.negatives).sum()
    return numeric.safe_divide(total, normaliser) if mean else total


def _of_soft_targets(inputs: Inputs, formula: Formula, positive: Any, negative: Any) -> Tensor:
    g, yes = inputs.target, value_of(formula, of_every_class(inputs))
    if inputs.multiclass:
        return (g * positive * yes).sum(axis=1, keepdim=True)
    no = value_of(formula, of_other_classes(inputs))
    return inputs.mask * (g * positive * yes + (1 - g) * negative * no)


def _coefficients(inputs: Inputs, formula: Formula, positive: Any, negative: Any) -> Any:
    """What the kernel multiplies each function of the error by: `[specs]`, or `[N or 1, C, specs]`."""
    specs, factor = needs(formula, inputs), dict(formula)
    sides = [x.numpy().astype(np.float64) if paddle.is_tensor(x) else x for x in (positive, negative)]
    columns = [sides[side] * factor[function] for side, function in specs]
    return np.stack(np.broadcast_arrays(*columns), axis=-1) if any(map(np.ndim, columns)) else np.array(columns)


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
    hard = pixel_values(inputs, formula, weight, balance)
    positive, negative = (_broadcast_spatial(factor, inputs) for factor in _factors(weight, balance))
    spread = value_of(formula, of_every_class(inputs)) * positive
    if inputs.multiclass:
        spread = spread.mean(axis=1, keepdim=True)
    else:
        spread = (spread + value_of(formula, of_other_classes(inputs)) * negative) / 2
    return (1 - smoothing) * hard + smoothing * spread * inputs.mask


def of_label(table: Tensor, inputs: Inputs) -> Tensor:
    """The entry of each pixel's label in a table `[1, C, ...]`, `[N, 1, *S]`."""
    return paddle.gather_nd(table.flatten(), inputs.labels.unsqueeze(-1))
