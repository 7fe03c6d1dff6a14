"""What a law is, and how it says what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from ..errors import LawError
from ..registry import LossSpec
from .scenes import SCENES, Array, Result, Scene, fits

Case = tuple[Any, ...]  # (spec, scene), or (spec,) where a law asks nothing of tensors


class Broken(Exception):
    """What a law found, and what it expected."""


@dataclass(frozen=True)
class Law:
    """Something that holds for every loss.

    Attributes:
        number: which of the twelve it belongs to.
        claim: what holds, in one line.
        cure: what to do in a loss that breaks it.
        ask: raises `Broken` where it does not hold.
        where: the losses of which it is asked, by the facts in their specs.
        scenes: the problems on which it is asked; None if it needs none.
        seen: narrows these problems.
    """

    number: int
    claim: str
    cure: str
    ask: Callable[..., None]
    where: Callable[[LossSpec], bool]
    scenes: Sequence[Scene] | None
    seen: Callable[[Scene], bool]

    @property
    def name(self) -> str:
        """A word to call it by."""
        return self.ask.__name__

    def cases(self, spec: LossSpec) -> list[Case]:
        """What it is to be called with for a loss: nothing if a fact excuses the loss."""
        if not self.where(spec):
            return []
        if self.scenes is None:
            return [(spec,)]
        return [(spec, scene) for scene in self.scenes if fits(spec, scene) and self.seen(scene)]

    def __call__(self, *case: Any) -> None:
        """Raise a `LawError` where it is broken."""
        try:
            self.ask(*case)
        except Broken as broken:
            found, expected = broken.args
            raise LawError(f"{case[0].name}: {found}.", expected, self.cure, (self.name,)) from None


def law(
    number: int,
    cure: str,
    where: Callable[[LossSpec], bool] = lambda spec: True,
    scenes: Sequence[Scene] | None = SCENES,
    seen: Callable[[Scene], bool] = lambda scene: True,
) -> Callable[[Callable[..., None]], Law]:
    """Make a law of a function of (spec, scene), or of (spec) where `scenes` is None; its docstring is the claim."""

    def made(ask: Callable[..., None]) -> Law:
        return Law(number, (ask.__doc__ or "").strip(), cure, ask, where, scenes, seen)

    return made


def require(holds: Any, found: str, expected: str) -> None:
    """Break the law unless something holds."""
    if not holds:
        raise Broken(found, expected)


def near(found: Array, expected: Array, what: str, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Numbers that have to be the same, to the bit unless there is a tolerance."""
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    require(found.shape == expected.shape, f"{what} has shape {list(found.shape)}", f"{list(expected.shape)}")
    with np.errstate(invalid="ignore"):
        off = np.where(found == expected, 0.0, np.abs(found - expected))
        wrong = ~(off <= atol + rtol * np.abs(expected))  # NaN is wrong
    if wrong.any():
        place = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
        where = f" at {[int(k) for k in place]}, and {wrong.sum() - 1} more" if wrong.sum() > 1 else ""
        raise Broken(f"{what} is {found[place]:.9g}{where}", f"{expected[place]:.9g}, within {rtol:g} of it")


def same(found: Result, expected: Result, what: str, rtol: float, gradient: tuple[float, float]) -> None:
    """Value and gradient that have to be the same; `gradient` is its relative and absolute tolerance."""
    near(found[0], expected[0], f"the value {what}", rtol)
    near(found[1], expected[1], f"the gradient {what}", *gradient)


def identical(found: Result, expected: Result, what: str) -> None:
    """The same to the bit."""
    same(found, expected, what, 0.0, (0.0, 0.0))
