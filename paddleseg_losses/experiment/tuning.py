"""The learning rate of each loss, from runs that are not reported."""

from __future__ import annotations

from collections.abc import Mapping

from .ledger import OK, Row, number
from .study import Run, Study


def choose_rates(study: Study, rows: Mapping[Run, Row]) -> dict[tuple[str, str], float]:
    """For each task and loss the learning rate with the highest Dice on the tuning images; of equals the lowest.

    Nothing is chosen for a loss before all its runs are finished.
    """

    def score(run: Run) -> float:
        return number(rows[run], "dice") if rows[run]["status"] == OK else -1.0

    runs: dict[tuple[str, str], list[Run]] = {}
    for run in study.tuning_runs():
        runs.setdefault((run.task, run.loss), []).append(run)
    if not runs:
        return {(task.name, loss.name): study.rates[0] for task in study.tasks for loss in study.of(task)}
    finished = {key: tried for key, tried in runs.items() if all(run in rows for run in tried)}
    return {key: max(tried, key=lambda run: (score(run), -run.rate)).rate for key, tried in finished.items()}
