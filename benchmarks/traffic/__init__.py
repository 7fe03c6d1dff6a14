"""What a loss moves where its kernels are not: bytes, launches, memory between the passes, waits for the device.

Counted, not timed, from Paddle's own log and allocator on CPU tensors with the composed path and the branches that an
accelerator takes; so the numbers are the same on every machine with the same Paddle. Bytes are in units of the logits'.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .log import Traffic, read_log

SIZE, SMALL = (2, 19, 128, 128), (2, 19, 32, 32)  # of the page, and of the tests
PARTS = ("forward", "backward")
KNOWN = " with DistanceMaps"  # of a row of the loss whose maps of the labels are made beforehand
RESULTS = Path(__file__).with_name("results.json")


def losses() -> list[str]:
    """Those that take as many classes."""
    from paddleseg_losses import registry

    return [spec.name for spec in registry.specs(mode="multiclass") if spec.most_classes is None]


def count(losses: Sequence[str], size: Sequence[int] = SIZE) -> Iterator[dict[str, Any]]:
    """A row for each implementation: ours by name, PaddleSeg's as `PaddleSeg.NAME`."""
    return (_counted(loss, size) for loss in losses)


def _counted(loss: str, size: Sequence[int]) -> dict[str, Any]:
    """In a process of its own: the log knows tensors by their address, which a tensor of another loss may have had."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.traffic.worker", loss]
        environment = {
            **os.environ,
            "GLOG_logtostderr": "1",
            "PADDLESEG_LOSSES_KERNELS": "composed",
            "TRAFFIC_SIZE": ",".join(map(str, size)),
        }
        with log.open("w") as file:
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=file, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}:\n{log.read_text(errors='replace')[-2000:]}")
        facts = next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
        passes = read_log(log)
        return _row(facts, [passes[loss, part] for part in PARTS])


def _row(facts: dict[str, Any], parts: Sequence[Traffic]) -> dict[str, Any]:
    unit = facts["logits"]
    return {
        "loss": facts["loss"],
        "launches": [part.launches for part in parts],
        "traffic": [round(part.bytes / unit, 2) for part in parts],
        "saved": round(facts["saved"] / unit, 2),
        "peak": [round(peak / unit, 2) for peak in facts["peak"]],
        "waits": facts["waits"],
        "copies": facts["copies"],
        "largest": [[name, round(size / unit, 2)] for part in parts for name, size in part.largest()],
    }
