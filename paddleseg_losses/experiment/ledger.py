"""The table of runs: one line a finished run, on the disk before the next one is begun."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import zipfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConfigError, MissingDependencyError
from ..i18n import _
from ..paddleseg.resuming import write_text
from ..scoring import METRICS
from .study import Run, Study

KEY = ("task", "loss", "rate", "seed", "tuning")
COLUMNS = (*KEY, "status", *METRICS, "iterations", "step_ms", "memory_mb", "seconds", "versions", "detail")
OK, DIVERGED, COLLAPSED = "ok", "diverged", "collapsed"  # every other status is a run without scores

Row = dict[str, str]
_HEADER = ",".join(COLUMNS) + "\n"


class Ledger:
    """The folder of a study.

    `runs.csv` holds a line a run. Its numbers for each image and class are in `counts/`, renamed into place before the
    line is written: a line says that they are whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "runs.csv"
        self.rows: dict[Run, Row] = {}

    @contextmanager
    def opened(self, study: Study) -> Iterator[Ledger]:
        """Take the folder for this process, refuse one of another study, and read what is finished."""
        _require_own_folder(self.folder)
        (self.folder / "counts").mkdir(parents=True, exist_ok=True)
        with _locked(self.folder):
            self._remember(study)
            self._repair()
            yield self

    def read(self, study: Study) -> None:
        """Read what is finished and leave everything as it is: another process may be at work here."""
        if not (self.folder / "study.json").is_file():
            raise ConfigError(
                _("{folder} contains no study.json.", folder=self.folder),
                _("the folder of a study"),
                _("give as --out the folder that `compare` writes to"),
            )
        self._known(study)
        self.rows = {run: row for run, row in _runs(self._content()).items() if not self._is_lost(run, row)}

    def counts(self, run: Run) -> dict[str, Any]:
        """The numbers of a run, by image and class."""
        with np.load(self.counts_file(run)) as stored:
            return dict(stored)

    def has_counts(self, run: Run) -> bool:
        """Whether they are there, and whole."""
        return zipfile.is_zipfile(self.counts_file(run))

    def images(self, task: str) -> dict[str, Any]:
        """Images of a task and their labels; nothing if there are none."""
        file = self.images_file(task)
        if not file.is_file():
            return {}
        with np.load(file) as stored:
            return dict(stored)

    def counts_file(self, run: Run) -> Path:
        """Where they are."""
        return self.folder / "counts" / f"{run.name}.npz"

    def images_file(self, task: str) -> Path:
        """Where they are."""
        return self.folder / "counts" / f"{task}-images.npz"

    def forget(self, statuses: Container[str]) -> None:
        """Take back the runs that ended so: they are run once more."""
        self.rows = {run: row for run, row in self.rows.items() if row["status"] not in statuses}
        self._rewrite()

    def table(self) -> str:
        """The rows as they stand in the file."""
        return _HEADER + "".join(map(_line, self.rows.values()))

    def append(self, run: Run, outcome: Mapping[str, Any]) -> Row:
        """Write a finished run down."""
        key = {"task": run.task, "loss": run.loss, "rate": repr(run.rate), "seed": run.seed, "tuning": int(run.tuning)}
        row = {name: _cell({**outcome, **key}.get(name)) for name in COLUMNS}
        with self.file.open("a", encoding="utf-8", newline="") as file:
            file.write(_line(row))
            file.flush()
            os.fsync(file.fileno())
        self.rows[run] = row
        return row

    def _repair(self) -> None:
        """A torn line and the runs whose numbers are lost are taken out of the table."""
        content = self._content()
        whole = _whole_lines(content)
        if not whole:
            write_text(self.file, _HEADER)
        elif whole != content:
            write_text(self.file, whole.decode("utf-8"))
        rows = _runs(content)
        self.rows = {run: row for run, row in rows.items() if not self._is_lost(run, row)}
        if self.rows != rows:
            self._rewrite()

    def _content(self) -> bytes:
        return self.file.read_bytes() if self.file.is_file() else b""

    def _is_lost(self, run: Run, row: Row) -> bool:
        """Whether nobody can say any more what the run has scored."""
        return row["status"] in (OK, COLLAPSED) and not self.has_counts(run)

    def _rewrite(self) -> None:
        write_text(self.file, self.table())

    def _remember(self, study: Study) -> None:
        known, now = self._known(study), study.as_dict()
        for table in ("tasks", "losses"):
            now[table] = {**known.get(table, {}), **now[table]}
        write_text(self.folder / "study.json", json.dumps(now, indent=1, ensure_ascii=False) + "\n")

    def _known(self, study: Study) -> dict[str, Any]:
        """The study with which the folder was begun; nothing if it is new."""
        file = self.folder / "study.json"
        if not file.is_file():
            return {}
        try:
            known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(
                _("{path} cannot be read: {error}.", path=file, error=error),
                _("the study with which the folder was begun"),
                _("give another folder as --out"),
            ) from None
        study.require_same(known, self.folder)
        return known


def _require_own_folder(folder: Path) -> None:
    """Nothing of somebody else's is written over."""
    if folder.is_dir() and not (folder / "study.json").is_file() and {p.name for p in folder.iterdir()} - {".lock"}:
        raise ConfigError(
            _("{folder} contains other files, and no study.json.", folder=folder),
            _("an empty folder, or that of a study"),
            _("give another folder as --out"),
        )


def _whole_lines(content: bytes) -> bytes:
    """The last line of a table may be torn."""
    return content[: content.rfind(b"\n") + 1]


def _runs(content: bytes) -> dict[Run, Row]:
    rows = csv.DictReader(io.StringIO(_whole_lines(content).decode("utf-8"), newline=""))
    return {
        Run(row["task"], row["loss"], float(row["rate"]), int(row["seed"]), row["tuning"] == "1"): row for row in rows
    }


def number(row: Mapping[str, str], name: str) -> float:
    """A number of a row; NaN where it has none."""
    return float(row[name]) if row.get(name) else math.nan


def _line(row: Row) -> str:
    line = io.StringIO()
    csv.DictWriter(line, COLUMNS, lineterminator="\n").writerow(row)
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two processes that compare into one folder would repeat each other's runs."""
    try:
        from filelock import FileLock, Timeout
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="filelock", error=error),
            _("filelock, so that two processes do not write into one folder"),
            'pip install "paddleseg-losses[compare]"',
        ) from error
    lock = FileLock(str(folder / ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigError(
            _("Another process is comparing losses in {folder}.", folder=folder),
            _("one process at a time"),
            _("wait for it, or give another folder as --out"),
        ) from None
    try:
        yield
    finally:
        lock.release()
