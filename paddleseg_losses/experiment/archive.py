"""A study in few small files, to be kept in a repository: the table of runs, and a file of counts for each task."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..paddleseg.resuming import write_text
from .ledger import Ledger
from .study import Run, Study

_STUDY, _RUNS = "study.json", "runs.csv"
_COUNTS, _DISTANCES = ("tp", "fp", "fn"), ("hd95", "surface_dice")


def pack(ledger: Ledger, to: Path) -> None:
    """Keep the rows of a ledger. Predictions and images are left out; distances keep seven digits."""
    to.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ledger.folder / _STUDY, to / _STUDY)
    write_text(to / _RUNS, ledger.table())
    for task in dict.fromkeys(run.task for run in ledger.rows):
        stored: dict[str, Any] = {}
        for tuning in (False, True):
            runs = [run for run in ledger.rows if (run.task, run.tuning) == (task, tuning)]
            stored.update(_packed([run for run in runs if ledger.counts_file(run).is_file()], ledger, _stage(tuning)))
        np.savez_compressed(_file(to, task), **stored)


def unpack(archive: Path, ledger: Ledger) -> None:
    """Lay a study out again, so that `compare` can go on with it."""
    (ledger.folder / "counts").mkdir(parents=True)
    for name in (_STUDY, _RUNS):
        shutil.copyfile(archive / name, ledger.folder / name)
    kept = Archive(archive)
    for task in dict.fromkeys(path.stem for path in archive.glob("*.npz")):
        for tuning in (False, True):
            for run_name in kept.names(task, tuning):
                np.savez_compressed(ledger.folder / "counts" / f"{run_name}.npz", **kept.scores(task, run_name, tuning))


class Archive(Ledger):
    """A packed study, to be read."""

    def counts(self, run: Run) -> dict[str, Any]:
        """The numbers of a run, by image and class."""
        return self.scores(run.task, run.name, run.tuning)

    def scores(self, task: str, run_name: str, tuning: bool) -> dict[str, Any]:
        """The same, by the name of the run."""
        stored, stage = self._stored(task), _stage(tuning)
        place = self._places(task, tuning)[run_name]
        counts = {name: stored[stage + name][place].astype(np.int64) for name in _COUNTS}
        counts["tn"] = stored[stage + "pixels"][:, None] - sum(counts.values())
        return {**counts, **{name: stored[stage + name][place].astype(float) for name in _DISTANCES}}

    def names(self, task: str, tuning: bool) -> list[str]:
        """Of the runs of a task whose counts are kept."""
        return list(self._places(task, tuning))

    def has_counts(self, run: Run) -> bool:
        """Whether a run has any."""
        return run.name in self._places(run.task, run.tuning)

    @cache  # noqa: B019
    def _places(self, task: str, tuning: bool) -> dict[str, int]:
        """Of the runs of a task, where in the arrays each is."""
        names = self._stored(task).get(_stage(tuning) + "runs", ())
        return {str(name): place for place, name in enumerate(names)}

    @cache  # noqa: B019
    def _stored(self, task: str) -> dict[str, Any]:
        with np.load(_file(self.folder, task)) as stored:
            return dict(stored)


def read_archive(study: Study, folder: Path) -> Archive:
    """A packed study whose rows are read."""
    archive = Archive(folder)
    archive.read(study)
    return archive


def _packed(runs: Iterable[Run], ledger: Ledger, stage: str) -> dict[str, Any]:
    counts = {run.name: ledger.counts(run) for run in runs}
    if not counts:
        return {}
    first = next(iter(counts.values()))
    pixels = sum(first[name] for name in (*_COUNTS, "tn"))[:, 0]
    packed: dict[str, Any] = {"runs": np.array(list(counts)), "pixels": pixels}
    kind = np.min_scalar_type(int(pixels.max()))
    packed.update({name: np.stack([each[name] for each in counts.values()]).astype(kind) for name in _COUNTS})
    packed.update({n: np.stack([each[n] for each in counts.values()]).astype(np.float32) for n in _DISTANCES})
    return {stage + name: values for name, values in packed.items()}


def _file(folder: Path, task: str) -> Path:
    return folder / f"{task}.npz"


def _stage(tuning: bool) -> str:
    return "tuning_" if tuning else ""
