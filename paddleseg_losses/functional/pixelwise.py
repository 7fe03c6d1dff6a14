"""Formulas of the probability that a pixel's true label was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import numpy as np
import paddle

from ..kernels import pixelwise as kernel
from ..kernels.error_sums import Moment as NativeMoment
from . import error_sums
from .error_sums import COST, COUNT, ERROR, OTHER, OWN, Function, Moment

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any
Formula = tuple[tuple[Function, float], ...]  # functions of the error, with their factors
Balance = tuple[Any, Any]  # factors of positives and negatives, numbers or `[N or 1, C]`

CROSS_ENTROPY: Formula = ((COST, 1.0),)  # -log p_t
UNITY: Formula = ((COUNT, 1.0),)  # 1


def focal(gamma: float) -> Formula:
    """-(1 - p_t)^gamma log p_t."""
    return ((error_sums.focal(gamma), 1.0),)


def poly1(epsilon: float) -> Formula:
    """-log p_t + epsilon (1 - p_t)."""
    return ((COST, 1.0), (ERROR, epsilon))


def of_log(formula: Formula, log_p: Callable[[], Tensor]) -> Any:
    """The value of a formula at log p_t, which is only asked for where it matters."""
    if formula == UNITY:
        return 1.0
    return sum(factor * error_sums.of_log(function, log_p()) for function, factor in formula)


def needed(formula: Formula, inputs: Inputs) -> tuple[Moment, ...]:
    """What `total` reads."""
    sides = (OWN,) if inputs.multiclass else (OWN, OTHER)
    return tuple(Moment(side, function) for function, _ in formula for side in sides)


def total(inputs: Inputs, formula: Formula, weight: Tensor | None = None, balance: Balance | None = None) -> Tensor:
    """The sum of `expected` over all pixels, from sums: no value of a single pixel is kept."""
    own, other = _factors(weight, balance)
    sums = [
        factor * side_factor * inputs.sum_of(side, function)
        for function, factor in formula
        for side, side_factor in ((OWN, own), (OTHER, other))
        if Moment(side, function) in needed(formula, inputs)
    ]
    return sum(each.sum() for each in sums)


def expected(inputs: Inputs, formula: Formula, weight: Tensor | None = None, balance: Balance | None = None) -> Tensor:
    """Each pixel's loss at its true label; under soft targets the mean over the labels it may have.

    Args:
        inputs: clean tensors.
        formula: of the probability of a label.
        weight: weight of each class, `[1, C]`.
        balance: factors of positives and of negatives; in a multiclass problem every pixel is a positive of its class.

    Returns:
        `[N, 1, *S]` (multilabel `[N, C, *S]`), 0 where ignored.
    """
    own, other = _factors(weight, balance)
    if inputs.raw is not None and formula != UNITY:
        return _native(inputs, formula, own, other)
    own, other = _spread(own, inputs), _spread(other, inputs)
    if inputs.soft:
        return _softly(inputs, formula, own, other)
    # `where` keeps less for the gradient than a product with a mask.
    values = inputs.mask
    if formula != UNITY:
        values = of_log(formula, lambda: inputs.log_true)
        values = paddle.where(inputs.valid, values, paddle.zeros([], values.dtype))
    if weight is None and balance is None:
        return values
    if inputs.multiclass:
        return values * (of_label(own, inputs) if paddle.is_tensor(own) else own)
    own, other = (x if paddle.is_tensor(x) else paddle.full([], x, values.dtype) for x in (own, other))
    return values * paddle.where(inputs.own, own, other)


def _softly(inputs: Inputs, formula: Formula, own: Any, other: Any) -> Tensor:
    g, yes = inputs.target, of_log(formula, lambda: inputs.log_prob)
    if inputs.multiclass:
        return (g * own * yes).sum(axis=1, keepdim=True)
    return inputs.mask * (g * own * yes + (1 - g) * other * of_log(formula, lambda: inputs.log_rest))


def _native(inputs: Inputs, formula: Formula, own: Any, other: Any) -> Tensor:
    return kernel.values(*inputs.problem(), _listed(inputs, formula), _coefficients(inputs, formula, own, other))


def reduced(inputs: Inputs, formula: Formula, weight: Tensor | None, balance: Balance | None, mean: bool) -> Tensor:
    """The sum of `expected`, times the pixel weight, or its weighted mean, by the kernel: it makes the gradient too."""
    table = _coefficients(inputs, formula, *_factors(weight, balance))
    if mean:
        own = _coefficients(inputs, UNITY, *_factors(weight, None))
        normaliser = sum((own[..., m] * inputs.counts[side]).sum() for m, (side, _) in enumerate(needed(UNITY, inputs)))
        table = table / normaliser if normaliser else np.zeros_like(table)
    return kernel.total(
        *inputs.problem(),
        _listed(inputs, formula),
        table,
        weight=inputs.pixel_weight,
        differentiable=inputs.differentiable,
    )


def _listed(inputs: Inputs, formula: Formula) -> list[NativeMoment]:
    return error_sums.flat(needed(formula, inputs))


def _coefficients(inputs: Inputs, formula: Formula, own: Any, other: Any) -> Any:
    """What the kernel multiplies each function of the error by, `[N, C, moments]`."""
    found, factor = needed(formula, inputs), dict(formula)
    sides = [np.asarray(x.numpy() if paddle.is_tensor(x) else x, np.float64) for x in (own, other)]
    shape = (inputs.source.logits.shape[0], inputs.channels)
    return np.stack([np.broadcast_to(sides[side] * factor[function], shape) for side, function in found], axis=-1)


def _factors(weight: Tensor | None, balance: Balance | None) -> Balance:
    """Factors of a class's own pixels and of the others'."""
    own, other = balance or (1.0, 1.0)
    return (own, other) if weight is None else (weight * own, weight * other)


def _spread(factor: Any, inputs: Inputs) -> Any:
    """A factor `[N or 1, C]` with axes for the space."""
    return factor.unsqueeze(list(range(2, inputs.source.logits.ndim))) if paddle.is_tensor(factor) else factor


def spread(inputs: Inputs, formula: Formula, weight: Tensor | None = None) -> Tensor:
    """Each pixel's loss under a target that is the same for every label (label smoothing)."""
    weight = 1.0 if weight is None else _spread(weight, inputs)
    if inputs.multiclass:
        return (of_log(formula, lambda: inputs.log_prob) * weight).mean(axis=1, keepdim=True) * inputs.mask
    both = of_log(formula, lambda: inputs.log_prob) + of_log(formula, lambda: inputs.log_rest)
    return inputs.mask * weight * both / 2


def of_label(table: Tensor, inputs: Inputs) -> Tensor:
    """The entry of each pixel's label in a table `[1, C, ...]`, `[N, 1, *S]`."""
    return paddle.gather_nd(table.flatten(), inputs.labels.unsqueeze(-1))
