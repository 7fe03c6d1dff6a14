"""The progress bars of commands, for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable

from ..i18n import Text, _
from ..paddleseg.display import Display, Step, describe
from . import screen


def display() -> Display:
    """A bar on a terminal; plain lines in a file or a pipe; nothing where a script reads JSON."""
    if screen.wants_json():
        return Quiet()
    return Bar() if sys.stdout.isatty() else Display()


class Quiet(Display):
    """Warnings alone."""

    def say(self, text: Text) -> None:
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
        self.training = self.progress.add_task(str(_("training")), total=None, note="", visible=False)
        self.evaluation = self.progress.add_task(str(_("evaluating")), total=None, note="", visible=False)

    def say(self, text: Text) -> None:
        """Above the bar."""
        self.console.print(str(text), markup=False, soft_wrap=True)

    def warn(self, text: Text) -> None:
        """Above the bar, in yellow."""
        self.console.print(str(text), style="yellow", markup=False, soft_wrap=True)

    def tick(self, iteration: int, total: int) -> None:
        """Move on."""
        self._start()
        self.progress.update(self.evaluation, visible=False)
        self.progress.update(self.training, completed=iteration, total=total, visible=True)

    def step(self, step: Step) -> None:
        """Show the loss behind the bar."""
        if step.terms:
            terms = describe(step.terms)
            self.say(
                _("iter {iteration}  loss {loss:.4f} ({terms})", iteration=step.iteration, loss=step.loss, terms=terms)
            )
        note = _("loss {loss:.4f}  lr {rate:.2g}", loss=step.loss, rate=step.rate)
        self.progress.update(self.training, note=str(note))

    def evaluating(self, done: int, total: int) -> None:
        """A second bar, or the only one."""
        self._start()
        self.progress.update(self.evaluation, completed=done, total=total, visible=done < total)

    def _start(self) -> None:
        if not self.progress.live.is_started:
            self.progress.start()

    def close(self) -> None:
        """Leave the last state on the screen."""
        self.progress.stop()


@contextmanager
def counting(total: int) -> Iterator[Callable[[int], object]]:
    """A bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(str(_("counting")), total=total)
        yield lambda done: bar.update(task, completed=done)
