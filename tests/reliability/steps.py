"""Memory of a process over many training steps whose images differ in size: what grows, grows without end."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddleseg_losses import kernels
from paddleseg_losses.testing.cases import make

SIDES = (9, 12, 17, 20, 24, 31, 40)  # of the images, in turn
CHANNELS = {"binary": 1, "multiclass": 3, "multilabel": 3}
PAGE = 4096
ALLOWED = 0.01  # of the memory after the first half


def of_its_own(name: str, backend: str, steps: int) -> float:
    """By which share the memory of a process grows in the second half of its steps with a loss."""
    command = [sys.executable, "-W", "ignore", "-m", __name__, name, backend, str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def growth(loss: Any, mode: str, steps: int) -> float:
    """Of this process."""
    problems = [_problem(mode, side) for side in SIDES]
    kept = 0
    for step in range(steps):
        logits, labels = problems[step % len(problems)]
        z = paddle.to_tensor(logits, stop_gradient=False)
        loss(z, paddle.to_tensor(labels)).sum().backward()
        if step + 1 == steps // 2:
            kept = _resident()
    return _resident() / kept - 1


def _problem(mode: str, side: int) -> tuple[Any, Any]:
    rng, channels = np.random.default_rng(side), CHANNELS[mode]
    shape = (2, channels, side, side + 3)
    labels = rng.integers(0, 2, shape) if mode != "multiclass" else rng.integers(0, channels, (2, *shape[2:]))
    return rng.normal(size=shape).astype("float32"), labels


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def _main(name: str, backend: str, steps: str) -> None:
    from paddleseg_losses import registry

    spec = registry.get(name)
    mode = "multiclass" if "multiclass" in spec.modes else spec.modes[0]
    with kernels.use_kernels(backend):
        print(growth(make(spec, mode=mode), mode, int(steps)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
