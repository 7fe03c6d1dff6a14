"""Where PaddleSeg's console output goes under our trainer: all of it to a file, what matters to the display."""

from __future__ import annotations

import io
import logging
import math
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, Callable, TextIO

import paddle

from ..i18n import ENGLISH, _, speaking
from ..i18n.foreign import recognized
from .display import Display, Step, Term, describe
from .resuming import unwritable
from .shims import Swap, module, swapped

_TRAIN = re.compile(
    r"\[TRAIN\] epoch: \d+, iter: (\d+)/(\d+), loss: ([^,]+), lr: ([^,]+), batch_cost: ([^,]+),.*ETA (\S+)"
)
_LEVELS = {0: "ERROR", 1: "WARNING", 2: "INFO", 3: "DEBUG"}  # of the wheel's own logger


class Log(io.TextIOBase):
    """A log file that also takes printed output, and passes what matters to a person on to the display."""

    def __init__(self, file: TextIO, display: Display) -> None:
        super().__init__()
        self.file, self.display = file, display
        self.steps: list[Step] = []
        self.noted: Callable[[Step], object] = lambda step: None  # called after each of them
        self.terms: tuple[Term, ...] = ()  # that the next line of the training log is made of

    def write(self, text: str) -> int:
        """Something was printed."""
        try:
            self.file.write(text)
            self.file.flush()
        except OSError as error:
            raise unwritable(Path(self.file.name), error) from error
        return len(text)

    def record(self, level: str, message: str) -> None:
        """Something was logged."""
        self.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{level}] {message}\n")
        line = _TRAIN.search(message)
        if line:
            iteration, total, loss, rate, seconds, left = line.groups()
            step = Step(int(iteration), int(total), float(loss), float(rate), float(seconds), left, self.terms)
            if not math.isfinite(step.loss) and all(math.isfinite(before.loss) for before in self.steps):
                self.display.warn(
                    _(
                        "the loss is {loss} at iteration {iteration}: reduce the learning rate, or look for labels "
                        "that are out of range (the losses' option checks: always finds them)",
                        loss=step.loss,
                        iteration=iteration,
                    )
                )
            self.steps.append(step)
            self.noted(step)
            self.display.step(step)
        elif level in ("WARNING", "ERROR", "CRITICAL"):
            self.display.warn(recognized(f"{level.lower()}: {message}"))

    def watched(self, iteration: int, terms: list[Term]) -> None:
        """The mean terms of the losses up to an iteration, which PaddleSeg is about to log."""
        self.terms = tuple(terms)
        with speaking(ENGLISH):  # as all of the log
            self.record("INFO", f"[TRAIN] iter: {iteration}, terms: {describe(terms)}")

    def warned(self, message: Any, category: type[Warning], filename: str, *_args: Any, **_kwargs: Any) -> None:
        """Python warned. Paddle warns about its own inside at every turn: that is for the file alone."""
        self.write(f"{filename}: {category.__name__}: {message}\n")
        if not Path(filename).is_relative_to(Path(paddle.__file__).parent):
            self.display.warn(recognized(f"warning: {message}"))


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        self.log.record(record.levelname, record.getMessage())


@contextmanager
def captured(path: Path | None, display: Display) -> Iterator[Log]:
    """Send PaddleSeg's log, prints, progress bars and warnings to a file (None: nowhere) and the display.

    What the file holds already stays: a training that goes on, or an earlier one.
    """
    with _opened(path) as file:
        log = Log(file, display)
        with redirect_stdout(log), warnings.catch_warnings(), swapped(*_redirections(log)):
            warnings.showwarning = log.warned
            yield log


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    try:
        file: TextIO = path.open("a", encoding="utf-8") if path else io.StringIO()
    except OSError as error:
        raise unwritable(Path(str(path)), error) from error
    try:
        yield file
    finally:
        with suppress(OSError):  # on a full disk it was said before
            file.close()


def _redirections(log: Log) -> list[Swap]:
    class Progbar:
        """Stands in for PaddleSeg's, which draws with backspaces."""

        def __init__(self, target: int, **_kwargs: Any) -> None:
            self.target = target

        def update(self, done: int, *_args: Any, **_kwargs: Any) -> None:
            log.display.evaluating(done, self.target)

    logger = module("utils.logger")
    swaps: list[Swap] = [(module("utils.progbar"), "Progbar", Progbar)]
    if hasattr(logger, "setup_logger"):
        return [*swaps, *((each, "handlers", [_Handler(log)]) for each in (logger.logger, logger.setup_logger()))]
    return [*swaps, (logger, "log", lambda level=2, message="": log.record(_LEVELS[level], message))]
