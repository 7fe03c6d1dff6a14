"""What a person sees of a training: `Display` writes plain lines; the command line draws a progress bar instead."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..i18n import CLAUSES, Text, _, listed


@dataclass(frozen=True)
class Term:
    """One term of one head: its name, its weight in the head's loss, its value before that, the head's coefficient."""

    head: int
    name: str
    weight: float
    value: float
    coef: float = 1.0

    def __str__(self) -> str:
        return f"{self.name} {self.weight:.4g} x {self.value:.4f}"


def describe(terms: Sequence[Term]) -> str:
    """All terms on one line; heads are numbered if there are several."""
    heads = sorted({term.head for term in terms})
    lines = [_sum([term for term in terms if term.head == head]) for head in heads]
    if heads == [0]:
        return lines[0]
    named = (_("head {head}: {name}", head=head, name=line) for head, line in zip(heads, lines))
    return str(listed(named, CLAUSES))


def _sum(terms: Sequence[Term]) -> str:
    """The terms of one head, times its coefficient: the numbers make the loss."""
    line, coef = " + ".join(map(str, terms)), terms[0].coef
    return line if coef == 1 else f"{coef:.4g} x ({line})"


@dataclass(frozen=True)
class Step:
    """One line of the training log: averages over the iterations since the last one."""

    iteration: int
    total: int
    loss: float
    rate: float
    seconds: float  # an iteration
    left: str  # time to go, as PaddleSeg writes it
    terms: tuple[Term, ...] = ()  # of compounds, of losses with a schedule and of several heads


class Display:
    """Plain lines, for files and pipes, on the standard output at the time of its creation."""

    def __init__(self) -> None:
        self.out, self.err = sys.stdout, sys.stderr

    def say(self, text: Text) -> None:
        """A line for the reader."""
        print(text, file=self.out, flush=True)

    def warn(self, text: Text) -> None:
        """A warning or an error of PaddleSeg."""
        print(text, file=self.err, flush=True)

    def tick(self, iteration: int, total: int) -> None:
        """One iteration is done."""

    def step(self, step: Step) -> None:
        """Some iterations are done, and their mean loss is known."""
        facts = {**vars(step), "terms": f" ({describe(step.terms)})" if step.terms else ""}
        self.say(
            _(
                "iter {iteration}/{total}  loss {loss:.4f}{terms}  lr {rate:.3g}  {seconds:.2f} s/iter  left {left}",
                **facts,
            )
        )

    def evaluating(self, done: int, total: int) -> None:
        """Some images of an evaluation are done."""

    def evaluated(self, iteration: int, miou: float, ema: bool) -> None:
        """An evaluation is done, perhaps of the averaged weights."""
        scores: dict[str, Any] = {"iteration": iteration, "miou": miou}
        if ema:
            line = _("iter {iteration}  mIoU {miou:.4f} on the validation images (averaged weights)", **scores)
        else:
            line = _("iter {iteration}  mIoU {miou:.4f} on the validation images", **scores)
        self.say(line)

    def close(self) -> None:
        """Nothing more will come."""


class Silent(Display):
    """For every process but the first of a distributed training."""

    def say(self, text: Text) -> None:
        """Nothing."""

    def warn(self, text: Text) -> None:
        """Nothing."""
