"""Memory of a process over many training steps whose images differ in size: what grows, grows without end."""

from __future__ import annotations

import gc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddleseg_losses import kernels, registry
from paddleseg_losses.experiment.supervisor import ONE_THREAD, QUIET, environment, fresh_processes
from paddleseg_losses.testing.cases import make

SIDES = (9, 12, 17, 20, 24, 31, 40)  # of the images, in turn
CHANNELS = {"binary": 1, "multiclass": 3, "multilabel": 3}
PAGE = 4096
ALLOWED = 0.01  # of the memory after the first half


def of_its_own(name: str, backend: str, steps: int) -> float:
    """By which share the memory of a process grows in the second half of its steps with a loss."""
    # The server that forks is one for the whole process: it has to be the same whoever starts it.
    with environment(ONE_THREAD | QUIET), ProcessPoolExecutor(1, mp_context=fresh_processes()) as process:
        return process.submit(_of_this, name, backend, steps).result()


def _of_this(name: str, backend: str, steps: int) -> float:
    gc.freeze()  # what was imported stays, and need not be looked at
    spec = registry.get(name)
    several = "multiclass" in spec.modes and spec.most_classes is None
    mode = "multiclass" if several else next(mode for mode in spec.modes if mode != "multiclass")
    with kernels.use_kernels(backend):
        return growth(make(spec, mode=mode), mode, steps)


def growth(loss: Any, mode: str, steps: int) -> float:
    """Of this process."""
    problems = [_problem(mode, side) for side in SIDES]
    kept = 0
    for step in range(steps):
        logits, labels = problems[step % len(problems)]
        z = paddle.to_tensor(logits, stop_gradient=False)
        loss(z, paddle.to_tensor(labels)).sum().backward()
        if step + 1 == steps // 2:
            kept = resident()
    return resident() / kept - 1


def _problem(mode: str, side: int) -> tuple[Any, Any]:
    rng, channels = np.random.default_rng(side), CHANNELS[mode]
    shape = (2, channels, side, side + 3)
    labels = rng.integers(0, 2, shape) if mode != "multiclass" else rng.integers(0, channels, (2, *shape[2:]))
    return rng.normal(size=shape).astype("float32"), labels


def resident() -> int:
    """Bytes of memory that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
