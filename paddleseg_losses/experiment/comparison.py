"""A whole study: what is missing is run, then everything is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import yaml

from ..errors import ConfigError
from ..i18n import Message, _
from ..paddleseg.record import versions
from .ledger import Ledger, Row
from .report import write_report
from .study import Run, Study
from .supervisor import CRASHED, REFUSED, TIMEOUT, perform_all
from .training import Job
from .tuning import choose_rates

ADAPTIVE = ("adam", "adamw", "adamax", "adagrad", "adadelta", "rmsprop", "lamb")


@dataclass(frozen=True)
class Progress:
    """A finished run, for whoever watches."""

    run: Run
    row: Row
    done: int  # of the runs of this stage, earlier ones included
    total: int


def compare(
    study: Study,
    out: str | Path,
    *,
    jobs: int = 1,
    timeout: float | None = None,
    device: str | None = None,
    retry: bool = False,
    watch: Callable[[Progress], object] = lambda progress: None,
) -> Path:
    """Train every loss with every seed, and write tables and pictures of what came out.

    Nothing is lost when the process ends: the same call goes on where it stopped, and gives the same table.

    Args:
        study: see `read`.
        out: folder of the study: `runs.csv`, `counts/`, and `report/` with the tables.
        jobs: processes at once, each with one thread or one GPU.
        timeout: seconds after which a run is stopped, and a row that says so.
        device: `cpu` or `gpu`; what Paddle was built for if None.
        retry: repeat the runs that ended without scores, such as those that were out of memory.
        watch: called after every run.

    Returns:
        The folder of the report.

    Raises:
        ConfigError: the folder belongs to another study, or a configuration cannot be trained.
    """
    out = Path(out)
    with Ledger(out).opened(study) as ledger:
        if retry:
            ledger.forget({CRASHED, REFUSED, TIMEOUT})
        files, packages = _write_configs(study, out), versions()
        told = " ".join(f"{name}={version}" for name, version in packages.items())
        candidates = {loss.name: loss for loss in study.losses}
        _try_out(study, ledger, files, device)

        def job(run: Run) -> Job:
            return Job(files[run.task], candidates[run.loss], run.rate, run.seed, run.tuning,
                       ledger.counts_file(run), not run.tuning and run.seed == 1, device)  # fmt: skip

        def perform(runs: Iterable[Run]) -> None:
            runs = list(runs)
            left = [run for run in runs if run not in ledger.rows]
            for run, outcome in perform_all(((run, job(run)) for run in left), jobs, timeout):
                row = ledger.append(run, {**outcome, "versions": told})
                watch(Progress(run, row, sum(r in ledger.rows for r in runs), len(runs)))

        perform(study.tuning_runs())
        perform(study.reported_runs(choose_rates(study, ledger.rows)))
        return write_report(study, ledger)


def report(study: Study, out: str | Path) -> Path:
    """Write the tables and pictures of the runs that are finished, and train nothing.

    Args:
        study: see `read`.
        out: folder of the study, in which a comparison may be going on.

    Returns:
        The folder of the report.

    Raises:
        ConfigError: the folder is not that of this study.
    """
    ledger = Ledger(Path(out))
    ledger.read(study)
    return write_report(study, ledger)


def warnings(study: Study) -> Iterator[Message]:
    """What makes a comparison unfair although it runs."""
    for task in study.tasks:
        kind = str((task.config.get("optimizer") or {}).get("type", ""))
        if kind.lower() not in ADAPTIVE:
            yield _(
                "task {task} is trained with {optimizer}, whose steps grow with the gradient: a loss of another scale "
                "needs another learning rate. Use Adam or AdamW, or more values of --rates",
                task=task.name,
                optimizer=kind,
            )
        for loss in study.losses:
            if not loss.takes(task):
                yield _("{loss} is left out of the task {task}: it is not defined for {classes} classes",
                        loss=loss.name, task=task.name, classes=task.num_classes)  # fmt: skip


def _try_out(study: Study, ledger: Ledger, files: Mapping[str, Path], device: str | None) -> None:
    """One step of each new task, which also keeps its images: what cannot run shows before the long wait."""
    control = next(loss for loss in study.losses if loss.name == study.control)
    tasks = [task for task in study.tasks if not ledger.images_file(task.name).is_file()]
    first = {
        Run(task.name, study.control, study.rates[0], 0): Job(
            files[task.name],
            control,
            study.rates[0],
            0,
            False,
            ledger.images_file(task.name),
            device=device,
            trial=True,
        )
        for task in tasks
    }
    for run, outcome in perform_all(first.items()):
        if outcome["status"] in (CRASHED, REFUSED):
            raise ConfigError(
                _("Task {task} cannot be trained: {problem}", task=run.task, problem=outcome["detail"]),
                _("a configuration that trains one step, and images to score"),
                _("try `paddleseg-losses doctor --config {file}`", file=files[run.task]),
            )


def _write_configs(study: Study, out: Path) -> dict[str, Path]:
    """One file a task, with all that it inherits: what a run reads, and what somebody else can train with."""
    (out / "configs").mkdir(exist_ok=True)
    files = {}
    for task in study.tasks:
        files[task.name] = out / "configs" / f"{task.name}.yml"
        text = yaml.safe_dump(json.loads(json.dumps(task.config)), sort_keys=False, allow_unicode=True)
        files[task.name].write_text(text, encoding="utf-8")
    return files
