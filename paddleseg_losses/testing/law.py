"""What a law is, and how it says what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

import numpy as np

from ..errors import LawError
from ..registry import LossSpec
from .cases import CASES, Array, Case, Result, supports

Arguments = tuple[Any, ...]  # (spec, case), or (spec,) where a law asks nothing of tensors


ORDER = 2e-6  # what another order of a few hundred summands may change


class PropertyViolation(Exception):
    """What a law found, and what it expected."""


@dataclass(frozen=True)
class Law:
    """Something that holds for every loss.

    Attributes:
        number: which of the twelve it belongs to.
        claim: what holds, in one line.
        cure: what to do in a loss that breaks it.
        function: raises `PropertyViolation` where it does not hold.
        applies_to: the losses that have to keep it, by the facts in their specs.
        cases: the problems on which it is checked; None if it needs none.
        case_filter: narrows these problems.
        dtypes: the types of the logits. Kernels compute in float32: a law in float32 is one of every backend.
    """

    number: int
    claim: str
    cure: str
    function: Callable[..., None]
    applies_to: Callable[[LossSpec], bool]
    cases: Sequence[Case] | None
    case_filter: Callable[[Case], bool]
    dtypes: tuple[str, ...]

    @property
    def name(self) -> str:
        """A word to call it by."""
        return self.function.__name__

    def arguments(self, spec: LossSpec) -> list[Arguments]:
        """What it is to be called with for a loss: nothing if a fact excuses the loss."""
        if not self.applies_to(spec):
            return []
        if self.cases is None:
            return [(spec,)]
        cases = [case for case in self.cases if supports(spec, case) and self.case_filter(case)]
        return [(spec, replace(case, dtype=dtype)) for case in cases for dtype in self.dtypes]

    def __call__(self, *arguments: Any) -> None:
        """Raise a `LawError` where it is broken."""
        try:
            self.function(*arguments)
        except PropertyViolation as violation:
            found, expected = violation.args
            raise LawError(f"{arguments[0].name}: {found}.", expected, self.cure, (self.name,)) from None


def law(
    number: int,
    cure: str,
    applies_to: Callable[[LossSpec], bool] = lambda spec: True,
    cases: Sequence[Case] | None = CASES,
    case_filter: Callable[[Case], bool] = lambda case: True,
    dtypes: tuple[str, ...] = ("float32",),
) -> Callable[[Callable[..., None]], Law]:
    """Make a law of a function of (spec, case), or of (spec) where `cases` is None; its docstring is the claim."""

    def make(function: Callable[..., None]) -> Law:
        return Law(number, (function.__doc__ or "").strip(), cure, function, applies_to, cases, case_filter, dtypes)

    return make


def require(holds: Any, found: str, expected: str) -> None:
    """Break the law unless something holds."""
    if not holds:
        raise PropertyViolation(found, expected)


def assert_close(actual: Array, expected: Array, what: str, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Numbers have to be the same, to the bit unless there is a tolerance."""
    actual, expected = np.asarray(actual, "float64"), np.asarray(expected, "float64")
    require(actual.shape == expected.shape, f"{what} has shape {list(actual.shape)}", f"{list(expected.shape)}")
    with np.errstate(invalid="ignore"):
        off = np.where(actual == expected, 0.0, np.abs(actual - expected))
        wrong = ~(off <= atol + rtol * np.abs(expected))  # NaN is wrong
    if wrong.any():
        place = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
        at = f" at {[int(k) for k in place]}, and {wrong.sum() - 1} more" if wrong.sum() > 1 else ""
        raise PropertyViolation(f"{what} is {actual[place]:.9g}{at}", f"{expected[place]:.9g}, within {rtol:g} of it")


def assert_equal(actual: Result, expected: Result, what: str) -> None:
    """Value and gradient have to be the same to the bit."""
    assert_close(actual[0], expected[0], f"the value {what}")
    assert_close(actual[1], expected[1], f"the gradient {what}")


def assert_equivalent(actual: Result, expected: Result, what: str) -> None:
    """Value and gradient have to be the same, but for the order in which float32 numbers are added."""
    assert_close(actual[0], expected[0], f"the value {what}", ORDER)
    scale = float(np.abs(expected[1]).max(initial=0.0))
    assert_close(actual[1], expected[1], f"the gradient {what}", 10 * ORDER, ORDER * scale)
