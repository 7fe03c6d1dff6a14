"""`kill -9` at random moments of `paddleseg-losses train`: in the end the weights are those of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from paddleseg_losses.paddleseg.resuming import newest, reading, verified
from tests import tiny

TRANSFORMS = [{"type": "RandomHorizontalFlip"}, {"type": "RandomDistort"}, {"type": "Normalize"}]
ITERATIONS, INTERVAL = 60, 3


def trial(times: int, seed: int) -> int:
    """So many kills of one training after another; prints each, and how many runs ended as the undisturbed one."""
    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), random.Random(seed)
        config = _config(folder)
        _finish(_start(config, folder / "whole"))
        equal, kills = 0, 0
        while kills < times:
            output = folder / f"run{kills}"
            moments = _disturbed(config, output, rng, times - kills)
            kills += len(moments)
            same = _same(folder / "whole", output)
            equal += same
            print(f"killed after {', '.join(moments) or 'nothing'}: {'equal' if same else 'DIFFERENT'}", flush=True)
            runs = len(list(folder.glob("run*")))
    print(json.dumps({"kills": kills, "runs": runs, "equal": equal}))
    return 0 if equal == runs else 1


def _config(folder: Path) -> Path:
    loss = {"type": "WeightedSumLoss", "losses": [{"type": "DiceCELoss"}, {"type": "BoundaryLoss"}]}
    content = tiny.config(tiny.write_dataset(folder / "data"), loss, iters=ITERATIONS)
    content["train_dataset"]["transforms"] = TRANSFORMS
    return tiny.write(folder / "config.yml", content)


def _start(config: Path, output: Path) -> subprocess.Popen[bytes]:
    """A training, from its newest checkpoint if it has one."""
    words = [
        "train",
        "--config",
        config,
        "--save_dir",
        output,
        "--seed",
        7,
        "--save_interval",
        INTERVAL,
        "--log_iters",
        1,
    ]
    checkpoint = newest(output)
    if checkpoint:
        verified(checkpoint)
        words += ["--resume_model", checkpoint]
    command = [sys.executable, "-W", "ignore", "-m", "paddleseg_losses", *map(str, words)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}
    )


def _finish(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(said.decode()[-2000:])


def _disturbed(config: Path, output: Path, rng: random.Random, most: int) -> list[str]:
    """Kill it, start it again, and at last let it end."""
    moments: list[str] = []
    for _ in range(min(most, rng.randint(1, 3))):
        process = _start(config, output)
        iteration, delay = rng.randint(0, ITERATIONS), rng.uniform(0, 0.2)
        _wait_for(process, output / "train.log", iteration)
        time.sleep(delay)  # anywhere in the next iterations, or while a checkpoint is written
        process.kill()
        process.communicate()
        before = newest(output)
        moments.append(f"iteration {iteration} + {delay:.2f} s ({before.name if before else 'no checkpoint'})")
    if newest(output) != output / f"iter_{ITERATIONS}":
        _finish(_start(config, output))
    return moments


def _wait_for(process: subprocess.Popen[bytes], log: Path, iteration: int) -> None:
    """Until the log knows the iteration, or one beyond; 0 is any time before the first."""
    seen = re.compile(r"iter: (\d+)/")
    while process.poll() is None and iteration:
        time.sleep(0.05)
        text = log.read_text(errors="replace") if log.is_file() else ""
        if any(int(number) >= iteration for number in seen.findall(text)):
            return


def _same(one: Path, other: Path) -> bool:
    """Weights and optimizer, bit for bit; and the same numbers of the whole training."""
    folder = f"iter_{ITERATIONS}"
    for name in ("model.pdparams", "model.pdopt"):
        first, second = (reading.read(each / folder / name) for each in (one, other))
        pairs = [(first[key], second[key]) for key in first if isinstance(first[key], np.ndarray)]
        if first.keys() != second.keys() or not all(np.array_equal(a, b) for a, b in pairs):
            return False
    losses = [json.loads((each / "metrics.json").read_text())["loss"] for each in (one, other)]
    return losses[0] == losses[1] and len(losses[0]) == ITERATIONS
