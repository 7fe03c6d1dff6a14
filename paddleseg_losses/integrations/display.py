"""What a person sees of a training: `Display` writes plain lines; the command line draws a progress bar instead."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One line of the training log: averages over the iterations since the last one."""

    iteration: int
    total: int
    loss: float
    rate: float
    seconds: float  # an iteration
    left: str  # time to go, as PaddleSeg writes it


class Display:
    """Plain lines, for files and pipes. It keeps to the standard output that it finds when it is made."""

    def __init__(self) -> None:
        self.out, self.err = sys.stdout, sys.stderr

    def say(self, text: str) -> None:
        """A line for the reader."""
        print(text, file=self.out, flush=True)

    def warn(self, text: str) -> None:
        """A warning or an error of PaddleSeg."""
        print(text, file=self.err, flush=True)

    def tick(self, iteration: int, total: int) -> None:
        """One iteration is done."""

    def step(self, step: Step) -> None:
        """Some iterations are done, and their mean loss is known."""
        self.say(
            f"iter {step.iteration}/{step.total}  loss {step.loss:.4f}  lr {step.rate:.3g}"
            f"  {step.seconds:.2f} s/iter  left {step.left}"
        )

    def evaluating(self, done: int, total: int) -> None:
        """Some images of an evaluation are done."""

    def evaluated(self, iteration: int, miou: float, ema: bool) -> None:
        """An evaluation is done, perhaps of the averaged weights."""
        self.say(f"iter {iteration}  mIoU {miou:.4f} on the validation images" + (" (averaged weights)" if ema else ""))

    def close(self) -> None:
        """Nothing more will come."""


class Silent(Display):
    """For every process but the first of a distributed training."""

    def say(self, text: str) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""
