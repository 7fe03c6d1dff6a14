"""What a loss costs at the size of a batch: measured here, each loss in a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPEATS = 5
_LIMIT = 120.0  # seconds for one loss


@dataclass(frozen=True)
class Cost:
    """Of the loss and its gradient, without the model."""

    milliseconds: float
    megabytes: float | None  # beyond the logits and labels; None where the system does not tell


def costs(entries: Sequence[Mapping[str, Any]], shape: tuple[int, ...]) -> list[Cost | None]:
    """Of each entry of `types` for logits of a shape; None for one that could not be measured."""
    pool = multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1)
    waiting = [pool.apply_async(_measure, (dict(entry), shape)) for entry in entries]
    pool.close()
    outcomes = [_outcome(each) for each in waiting]
    if all(outcomes):
        pool.join()  # Paddle writes a stack of its own when it is terminated
    else:
        pool.terminate()
    return outcomes


def _outcome(waiting: Any) -> Cost | None:
    try:
        cost: Cost | None = waiting.get(_LIMIT)
    except Exception:  # out of memory, too slow: the suggestion does not depend on it
        return None
    return cost


def _measure(entry: dict[str, Any], shape: tuple[int, ...]) -> Cost:
    import paddle

    from .. import registry

    loss = registry.get(entry.pop("type")).cls(**entry)
    logits, labels = paddle.randn(shape), paddle.randint(0, max(shape[1], 2), (shape[0], *shape[2:]))
    logits.stop_gradient = False

    def step() -> None:
        loss(logits, labels).backward()
        logits.clear_gradient()

    before = _peak(reset=True)
    step()  # warms up, and needs the most
    after = _peak()
    durations = []
    for _repeat in range(REPEATS):
        began = time.perf_counter()
        step()
        durations.append(time.perf_counter() - began)
    extra = None if before is None or after is None else max(after - before, 0.0)
    return Cost(1e3 * min(durations), extra)


def _peak(reset: bool = False) -> float | None:
    """The most memory that the process has had, in megabytes, since it was reset; on a GPU, Paddle's."""
    import paddle

    if paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count():
        if reset:
            paddle.device.cuda.reset_max_memory_allocated()
        return float(paddle.device.cuda.max_memory_allocated() / 2**20)
    try:  # Linux
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) / 2**10 for line in status.splitlines() if line.startswith("VmHWM")), None)
