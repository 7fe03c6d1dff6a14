"""`paddleseg-losses train` with `--resume_model`: the weights of an undisturbed training."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from paddleseg_losses.paddleseg.resuming import newest, reading, verified
from tests import tiny

TRANSFORMS = [{"type": "RandomHorizontalFlip"}, {"type": "RandomDistort"}, {"type": "Normalize"}]
FLAGS = ("--seed", 7, "--save_interval", 3, "--log_iters", 1)


class Training:
    """Of a tiny network, with everything that is drawn at random."""

    steps, delay = 60, 0.2

    def __init__(self, folder: Path) -> None:
        loss = {"type": "WeightedSumLoss", "losses": [{"type": "DiceCELoss"}, {"type": "BoundaryLoss"}]}
        content = tiny.config(tiny.write_dataset(folder / "data"), loss, iters=self.steps)
        content["train_dataset"]["transforms"] = TRANSFORMS
        self.config = tiny.write(folder / "config.yml", content)

    def words(self, output: Path) -> list[object]:
        """From its newest checkpoint if it has one."""
        words = ["train", "--config", self.config, "--save_dir", output, *FLAGS]
        checkpoint = newest(output)
        if checkpoint:
            verified(checkpoint)
            words += ["--resume_model", checkpoint]
        return words

    def reached(self, output: Path) -> int:
        """The last iteration in the log."""
        log = output / "train.log"
        text = log.read_text(errors="replace") if log.is_file() else ""
        return max(map(int, re.findall(r"iter: (\d+)/", text)), default=0)

    def state(self, output: Path) -> str:
        """The newest checkpoint."""
        checkpoint = newest(output)
        return checkpoint.name if checkpoint else "no checkpoint"

    def ended(self, output: Path) -> bool:
        """Whether there is a checkpoint of the last iteration."""
        return newest(output) == output / f"iter_{self.steps}"

    def same(self, one: Path, other: Path) -> bool:
        """Weights and optimizer, bit for bit; and the same numbers of the whole training."""
        folder = f"iter_{self.steps}"
        for name in ("model.pdparams", "model.pdopt"):
            first, second = (reading.read(each / folder / name) for each in (one, other))
            pairs = [(first[key], second[key]) for key in first if isinstance(first[key], np.ndarray)]
            if first.keys() != second.keys() or not all(np.array_equal(a, b) for a, b in pairs):
                return False
        losses = [json.loads((each / "metrics.json").read_text())["loss"] for each in (one, other)]
        return losses[0] == losses[1] and len(losses[0]) == self.steps
