"""Runs in processes of their own: what happens to one of them is a row of the table, and never the end of the study."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any

from ..errors import LossError
from ..i18n import ENGLISH, speaking
from .study import Run

ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PADDLESEG_LOSSES_THREADS")
}
QUIET = {"PYTHONWARNINGS": "ignore"}  # what Paddle warns of as it is imported would stand between the lines
CRASHED, TIMEOUT, REFUSED = "crashed", "timeout", "refused"


class _Child:
    """One process and what it will say."""

    def __init__(self, context: Any, run: Run, job: Any, slot: int) -> None:
        self.run, self.slot, self.began = run, slot, time.monotonic()
        self.answer, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(job, theirs))
        self.process.start()
        theirs.close()

    def outcome(self) -> dict[str, Any]:
        """What it said, or how it died."""
        try:
            said = self.answer.recv() if self.answer.poll() else None
        except EOFError:
            said = None
        self.process.join()
        code = self.process.exitcode or 0
        how = f"{signal.Signals(-code).name}, often out of memory" if code == -9 else f"exit code {code}"
        return said if isinstance(said, dict) else {"status": CRASHED, "detail": how}

    def end(self, status: str) -> dict[str, Any]:
        """Stop it."""
        self.process.kill()
        self.process.join()
        return {"status": status, "detail": f"stopped after {time.monotonic() - self.began:.0f} s"}


def perform_all(
    jobs: Iterable[tuple[Run, Any]], at_once: int = 1, timeout: float | None = None
) -> Iterator[tuple[Run, Mapping[str, Any]]]:
    """Perform jobs, several at once, each with one thread; gives each outcome as soon as it is there.

    Args:
        jobs: what to do.
        at_once: number of processes; each has a `slot` of its own.
        timeout: seconds after which a run is stopped.
    """
    waiting = iter(jobs)
    children: dict[Any, _Child] = {}
    with environment(ONE_THREAD | QUIET):
        context = fresh_processes()
        try:
            while True:
                while len(children) < at_once and (following := next(waiting, None)) is not None:
                    run, job = following
                    slot = min(set(range(at_once)) - {child.slot for child in children.values()})
                    job.slot = slot
                    child = _Child(context, run, job, slot)
                    children[child.process.sentinel] = child
                if not children:
                    return
                ready = connection.wait(list(children), timeout=1.0)
                late = [s for s, c in children.items() if timeout and time.monotonic() - c.began > timeout]
                for sentinel in ready:
                    child = children.pop(sentinel)
                    yield child.run, child.outcome()
                for sentinel in set(late) - set(ready):
                    child = children.pop(sentinel)
                    yield child.run, child.end(TIMEOUT)
        finally:
            for child in children.values():
                child.end(CRASHED)


def fresh_processes() -> Any:
    """Forked from one that has imported Paddle and done nothing else; on Windows, new ones.

    The one that is forked keeps the environment that the first of them began with.
    """
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["paddle", "paddleseg.core", "paddleseg.models", f"{__package__}.training"])
    return context


def _work(job: Any, answer: Any) -> None:
    """In the child."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        from .training import perform

        with _silent(), speaking(ENGLISH):
            answer.send(perform(job))
    except MemoryError:
        answer.send({"status": CRASHED, "detail": "out of memory"})
    except Exception as error:
        ours = _of_ours(error)
        text = str(ours) if ours else traceback.format_exception_only(type(error), error)[-1]
        answer.send({"status": REFUSED if ours else CRASHED, "detail": text[:500]})


def _of_ours(error: BaseException | None) -> LossError | None:
    """The error of this package behind one of PaddleSeg's, which keeps only its text."""
    while error is not None and not isinstance(error, LossError):
        error = error.__cause__ or error.__context__
    return error


def _die_with_parent() -> None:
    """A study that is killed leaves no run behind that would compete with its own repetition."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _silent() -> Iterator[None]:
    """PaddleSeg writes what it builds; the table says what is to be known."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
        yield


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Children inherit it; with one thread, they give the same numbers whatever runs beside them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
