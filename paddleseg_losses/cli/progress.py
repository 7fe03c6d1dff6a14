"""The progress bar of `train`, for a terminal."""

from __future__ import annotations

import sys

from ..paddleseg.display import Display, Step, describe
from . import screen
from .phrases import translated


def display() -> Display:
    """A bar on a terminal; plain lines in a file or a pipe; nothing where a script reads JSON."""
    if screen.wants_json():
        return Quiet()
    return Bar() if sys.stdout.isatty() else Lines()


class Lines(Display):
    """Plain lines in the language to speak."""

    def say(self, text: str) -> None:
        """A line for the reader."""
        super().say(translated(text))

    def warn(self, text: str) -> None:
        """A warning or an error of PaddleSeg."""
        super().warn(translated(text))


class Quiet(Lines):
    """Warnings alone."""

    def say(self, text: str) -> None:
        """Nothing."""


class Bar(Display):
    """One line that moves, and lines above it for what stays."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(file=self.out, highlight=False)
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn())
        self.progress = Progress(
            TextColumn("{task.description}"), *columns, console=self.console, redirect_stdout=False
        )
        self.training = self.progress.add_task(translated("training"), total=None, note="", visible=False)
        self.evaluation = self.progress.add_task(translated("evaluating"), total=None, note="", visible=False)

    def say(self, text: str) -> None:
        """Above the bar."""
        self.console.print(translated(text), markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Above the bar, in yellow."""
        self.console.print(translated(text), style="yellow", markup=False, soft_wrap=True)

    def tick(self, iteration: int, total: int) -> None:
        """Move on."""
        if not self.progress.live.is_started:
            self.progress.start()
        self.progress.update(self.evaluation, visible=False)
        self.progress.update(self.training, completed=iteration, total=total, visible=True)

    def step(self, step: Step) -> None:
        """Show the loss behind the bar."""
        if step.terms:
            self.say(f"iter {step.iteration}  loss {step.loss:.4f} ({describe(step.terms)})")
        self.progress.update(self.training, note=translated(f"loss {step.loss:.4f}  lr {step.rate:.2g}"))

    def evaluating(self, done: int, total: int) -> None:
        """A second bar."""
        self.progress.update(self.evaluation, completed=done, total=total, visible=done < total)

    def close(self) -> None:
        """Leave the last state on the screen."""
        self.progress.stop()
