"""What came out for each loss on each task, from the finished runs alone: equal runs give equal numbers."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import compress
from typing import Any

import numpy as np

from ..i18n import Text, _
from ..scoring import METRICS, mean, ratios
from .ledger import COLLAPSED, DIVERGED, OK, Ledger, number
from .statistics import Comparison, compare, spread
from .study import Run, Study, Task
from .tuning import choose_rates

_STATUS: dict[str, Text] = {DIVERGED: _("diverged"), COLLAPSED: _("collapsed")}


@dataclass(frozen=True)
class Line:
    """One loss on one task at one learning rate."""

    loss: str
    rate: float
    scores: Mapping[str, tuple[float, float]]  # mean and standard deviation over the seeds that succeeded
    classes: tuple[float, ...]  # Dice of each class, the background included
    by_image: Mapping[str, Any]  # of each metric `[seeds, images]`, NaN for a seed that failed; empty if all did
    outcomes: Mapping[str, int]  # finished runs by status
    comparison: Comparison | None = None

    @property
    def dice(self) -> Any:
        """By seed and image; None if no seed succeeded."""
        return self.by_image.get("dice")

    @property
    def failures(self) -> str:
        """Runs without a score, of all; those that diverged and collapsed by name."""
        failed = {name: count for name, count in sorted(self.outcomes.items()) if name != OK}
        details = ", ".join(f"{count} {_STATUS.get(name, name)}" for name, count in failed.items())
        return f"{sum(failed.values())}/{sum(self.outcomes.values())}" + (f" ({details})" if details else "")


class TaskResults:
    """The finished runs of a task."""

    def __init__(self, study: Study, ledger: Ledger, task: Task) -> None:
        self.study, self.ledger, self.task = study, ledger, task
        self.name, self.control, self.seeds = task.name, study.control, study.seeds
        chosen = choose_rates(study, ledger.rows)
        self.rates = {
            loss.name: chosen[task.name, loss.name] for loss in study.of(task) if (task.name, loss.name) in chosen
        }
        self.common_rate = self.rates.get(study.control)

    @cached_property
    def own(self) -> list[Line]:
        """Every loss at the rate that suits it, the best first."""
        return self._lines(self.rates)

    @cached_property
    def common(self) -> list[Line]:
        """Every loss at one rate; nothing if that is the same."""
        if self.common_rate is None or set(self.rates.values()) == {self.common_rate}:
            return []
        return self._lines(dict.fromkeys(self.rates, self.common_rate))

    @property
    def complete(self) -> bool:
        """Whether every loss that has been begun is finished."""
        begun = {run.loss for run in self.ledger.rows if run.task == self.name}
        return bool(begun) and begun == self.finished

    @property
    def finished(self) -> set[str]:
        """The losses that have been trained at their own rate with every seed."""
        return {
            loss for loss, rate in self.rates.items() if all(run in self.ledger.rows for run in self.runs(loss, rate))
        }

    @property
    def images(self) -> int:
        """How many are scored."""
        return next((line.dice.shape[1] for line in self.own if line.dice is not None), 0)

    @property
    def class_names(self) -> list[Text]:
        """Of the columns of `Line.classes`."""
        count = max((len(line.classes) for line in self.own), default=0)
        return [_("class {index}", index=c) for c in range(count)]

    def runs(self, loss: str, rate: float) -> list[Run]:
        """One for each seed."""
        return [Run(self.name, loss, rate, seed) for seed in range(1, self.seeds + 1)]

    def _lines(self, rates: Mapping[str, float]) -> list[Line]:
        begun = [line for loss, rate in rates.items() if (line := self._line(loss, rate)).outcomes]
        scores = {line.loss: line.dice for line in begun if line.dice is not None}
        compared = compare(scores, self.control) if self.control in scores else {}
        lines = [dataclasses.replace(line, comparison=compared.get(line.loss)) for line in begun]
        return sorted(lines, key=lambda line: (-np.nan_to_num(line.scores["dice"][0], nan=-1), line.loss))

    @cached_property
    def _line(self) -> Callable[[str, float], Line]:
        """One loss at a rate, found once: many a loss is at its own rate in the table of the common one."""
        return cache(self._found)

    def _found(self, loss: str, rate: float) -> Line:
        runs = self.runs(loss, rate)
        rows = {run: self.ledger.rows[run] for run in runs if run in self.ledger.rows}
        succeeded = np.array([run in rows and rows[run]["status"] == OK for run in runs])
        scored = list(compress(runs, succeeded))
        scores = {name: spread([number(rows[run], name) for run in scored]) for name in METRICS}
        outcomes = Counter(row["status"] for row in rows.values())
        if not scored:
            return Line(loss, rate, scores, (), {}, outcomes)
        ratios_of = [ratios(self.ledger.counts(run)) for run in scored]
        known = {name: np.stack([each[name] for each in ratios_of]) for name in METRICS}
        by_image = {name: np.full((len(runs), values.shape[1]), math.nan) for name, values in known.items()}
        for name, values in known.items():
            by_image[name][succeeded] = mean(values[..., 1:], axis=-1)
        classes = mean(mean(known["dice"], axis=1), axis=0)
        return Line(loss, rate, scores, tuple(map(float, classes)), by_image, outcomes)


def costs(study: Study, ledger: Ledger, task: Task) -> list[tuple[str, float, float]]:
    """Of each loss the median time of a step in milliseconds, and the most memory in megabytes."""
    costs, of_task = [], [(run.loss, row) for run, row in ledger.rows.items() if run.task == task.name]
    for loss in study.of(task):
        rows = [row for name, row in of_task if name == loss.name]
        steps, memory = (
            [n for row in rows if not math.isnan(n := number(row, name))] for name in ("step_ms", "memory_mb")
        )
        if steps:
            costs.append((loss.name, float(np.median(steps)), max(memory, default=math.nan)))
    return sorted(costs, key=lambda each: each[1])
