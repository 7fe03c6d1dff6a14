"""`paddleseg-losses compare`, given again: the tables and pictures of an undisturbed comparison, byte for byte."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from paddleseg_losses.datasets.synthetic import Discs, make_synthetic_dataset
from paddleseg_losses.experiment.ledger import KEY
from paddleseg_losses.scoring import METRICS
from tests import tiny

MEASURED = {"costs.md", "index.html"}  # of the report: times and memory, which are never the same
FLAGS = ("--losses", "LovaszHingeLoss", "--seeds", 2, "--rates", "0.01,0.03", "--iters", 3, "--jobs", 2)


class Comparison:
    """Of a loss and the control, on small images of discs, two runs at once."""

    steps, delay = 8, 0.5  # runs: both losses at both rates, then with both seeds; more if their best rates differ

    def __init__(self, folder: Path) -> None:
        data = make_synthetic_dataset(folder / "discs", Discs(share=0.2, size=32, train=6, val=6, test=1))
        model = {**tiny.SMALL, "num_classes": 2}
        content = tiny.config(data, {"type": "DiceLoss"}, classes=2, model=model, optimizer={"type": "Adam"})
        self.config = tiny.write(folder / "task.yml", content)

    def words(self, output: Path) -> list[object]:
        """The same each time."""
        return ["compare", "--config", self.config, "--out", output, *FLAGS]

    def reached(self, output: Path) -> int:
        """The finished runs."""
        table = output / "runs.csv"
        return max(table.read_bytes().count(b"\n") - 1, 0) if table.is_file() else 0

    def state(self, output: Path) -> str:
        """What is there."""
        return f"{self.reached(output)} runs, {'a' if (output / 'report').is_dir() else 'no'} report"

    def ended(self, output: Path) -> bool:
        """Never: the command itself says whether anything is left."""
        return False

    def same(self, one: Path, other: Path) -> bool:
        """Everything but times and memory: the report, the scores of each run, once, and its numbers by image."""
        reports = [
            {path.name: path.read_bytes() for path in sorted((each / "report").iterdir()) if path.name not in MEASURED}
            for each in (one, other)
        ]
        runs = [_runs(each / "runs.csv") for each in (one, other)]
        counts = [{path.name: _arrays(path) for path in (each / "counts").iterdir()} for each in (one, other)]
        return all(first == second for first, second in (reports, runs, counts)) and "table.md" in reports[0]


def _runs(table: Path) -> list[tuple[str, ...]]:
    with table.open(newline="", encoding="utf-8") as file:
        return sorted(tuple(row[name] for name in (*KEY, "status", *METRICS)) for row in csv.DictReader(file))


def _arrays(path: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    with np.load(path) as stored:
        return {name: (x.dtype.str, x.shape, x.tobytes()) for name, x in stored.items()}
