"""What the experiment of this package measured for each loss: the numbers behind its advice.

`results.json` is written by `configs/experiment/keep.py` from the runs in `docs/evidence/`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..i18n import Text, _

FILE = Path(__file__).with_name("results.json")
TASKS: dict[str, Text] = {
    "heads": _("skull stripping"),
    "tissue": _("brain tissue"),
    "discs_003": _("discs, 0.3%"),
    "discs_010": _("discs, 1%"),
    "discs_030": _("discs, 3%"),
    "discs_100": _("discs, 10%"),
    "tree": _("thin tree"),
    "noisy": _("noisy labels"),
    "absent": _("absent classes"),
}
DIAL = ("discs_003", "discs_010", "discs_030", "discs_100")
# The tasks and metrics that can show something about a symptom, with default options; others have no evidence.
BEARS_ON: dict[str, tuple[tuple[str, str], ...]] = {
    "first-attempt": (("heads", "dice"), ("tissue", "dice"), ("discs_030", "dice")),
    "small-objects": (("discs_003", "dice"), ("discs_010", "dice")),
    "thin-structures": (("tree", "dice"),),
    "ragged-boundaries": (("heads", "surface_dice"), ("tissue", "surface_dice")),
    "far-errors": (("heads", "hd95"), ("discs_100", "hd95")),
    "missed-objects": (("discs_010", "sensitivity"), ("discs_010", "dice"), ("heads", "sensitivity")),
    "class-imbalance": (("discs_003", "dice"), ("discs_010", "dice")),
    "absent-classes": (("absent", "dice"),),
    "noisy-labels": (("noisy", "dice"),),
    "miou-metric": (("tissue", "iou"), ("heads", "iou")),
}


class Difference(NamedTuple):
    """To the control, with its 95 % interval over seeds and images."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Finding:
    """One loss on one task, at the learning rate that suits it."""

    task: str
    loss: str
    rate: float
    runs: int
    succeeded: int
    failed: Mapping[str, int]  # how many ended without a score, by how
    scores: Mapping[str, tuple[float | None, float | None]]  # mean and standard deviation over the seeds
    differences: Mapping[str, Difference]
    rank: tuple[int, int] | None  # its interval
    step: float  # duration of a training step, the control's being 1


@dataclass(frozen=True)
class Evidence:
    """All findings."""

    control: str
    seeds: int
    about: Mapping[str, Any]  # versions and command
    images: Mapping[str, int]  # of each task, how many are scored
    places: Mapping[str, float]  # of each task that is a step of a dial
    data: Mapping[str, Any]  # of each task, statistics of its masks
    commits: Mapping[str, list[str]]  # of each task, with which its trainings were made
    findings: Mapping[str, Mapping[str, Finding]]  # by task and loss

    def of(self, symptom: str, loss: str) -> dict[tuple[str, str], Finding]:
        """What bears on a recommendation, by task and metric."""
        return {
            (task, metric): self.findings[task][loss]
            for task, metric in BEARS_ON.get(symptom, ())
            if loss in self.findings.get(task, {})
        }


@cache
def evidence() -> Evidence:
    """Everything that was measured."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    tasks = stored.pop("tasks")
    return Evidence(
        images={name: task["images"] for name, task in tasks.items()},
        places={name: task["at"] for name, task in tasks.items() if task["at"] is not None},
        data={name: task["data"] for name, task in tasks.items()},
        commits={name: task["commits"] for name, task in tasks.items()},
        findings={
            name: {loss: _finding(name, loss, numbers) for loss, numbers in task["losses"].items()}
            for name, task in tasks.items()
        },
        **stored,
    )


def _finding(task: str, loss: str, numbers: dict[str, Any]) -> Finding:
    differences = {m: Difference(*each) for m, each in numbers.pop("differences").items() if None not in each}
    scores = {metric: (mean, deviation) for metric, (mean, deviation) in numbers.pop("scores").items()}
    rank = numbers.pop("rank")
    return Finding(task, loss, differences=differences, scores=scores, rank=rank and tuple(rank), **numbers)
