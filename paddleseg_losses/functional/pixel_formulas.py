"""Formulas of the probability that a pixel's true label was given: sums of functions of the error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, reduce
from operator import add
from typing import Any, NamedTuple

import paddle

from ..inputs import Inputs
from . import error_sums
from .error_sums import COUNT, ERROR, NEGATIVE, NLL, POSITIVE, Answer, Function, SumSpec, of_true_class

Tensor = Any


class Term(NamedTuple):
    """A function of the error with its factor, of the pixels of both sides, or of one."""

    function: Function
    factor: float = 1.0
    side: int | None = None

    def of(self, side: int | None) -> bool:
        """Whether pixels of a side have it."""
        return self.side is None or self.side == side


Formula = tuple[Term, ...]  # they are added

CROSS_ENTROPY: Formula = (Term(NLL),)  # -log p_t
ONE: Formula = (Term(COUNT),)  # 1


def focal(gamma: float) -> Formula:
    """-(1 - p_t)^gamma log p_t."""
    return (Term(error_sums.focal(gamma)),)


def poly1(epsilon: float, factor: float = 1.0) -> Formula:
    """-log p_t, times a factor, + epsilon (1 - p_t)."""
    return (Term(NLL, factor), Term(ERROR, epsilon))


def generalized(q: float) -> Formula:
    """(1 - p_t^q) / q."""
    return (Term(error_sums.lq(q)),)


def asymmetric(gamma_positive: float, gamma_negative: float, clip: float, held: bool) -> Formula:
    """The focal formula with an exponent for each side, of negatives at p reduced by `clip`.

    `held`: the power is a constant for the gradient.
    """
    positive, negative = error_sums.focal(gamma_positive, 0.0, held), error_sums.focal(gamma_negative, clip, held)
    return (Term(positive, side=POSITIVE), Term(negative, side=NEGATIVE))


def value_of(formula: Formula, answer: Answer) -> Any:
    """The value of a formula of the error."""
    if formula == ONE:
        return 1.0
    terms = (term for term in formula if term.of(answer.side))
    if not any(term.function.clip for term in formula):
        answer = answer._replace(error=answer.error_of_nll)
    values = ((term.factor, error_sums.value_of(term.function, answer)) for term in terms)
    return reduce(add, (value if factor == 1 else factor * value for factor, value in values))


def of_true_labels(formula: Formula, inputs: Inputs) -> Tensor:
    """Its value at the label that each pixel has."""
    answer = of_true_class(inputs)
    if all(term.side is None for term in formula):
        return value_of(formula, answer)
    sides = (value_of(formula, answer._replace(side=side)) for side in (POSITIVE, NEGATIVE))
    return paddle.where(inputs.positive, *sides)


def factor_of(formula: Formula, inputs: Inputs) -> Mapping[SumSpec, float]:
    """The sums that add up to the total of a formula, each with its factor."""
    return _factor_of(formula, inputs.multiclass)


@lru_cache
def _factor_of(formula: Formula, multiclass: bool) -> Mapping[SumSpec, float]:
    sides = (POSITIVE,) if multiclass else (POSITIVE, NEGATIVE)
    return {SumSpec(side, term.function): term.factor for term in formula for side in sides if term.of(side)}


def needs(formula: Formula, inputs: Inputs) -> tuple[SumSpec, ...]:
    """The sums that add up to the total of a formula."""
    return tuple(factor_of(formula, inputs))
