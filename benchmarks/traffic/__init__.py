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
from collections.abc import Sequence
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


def count(losses: Sequence[str], size: Sequence[int] = SIZE) -> list[dict[str, Any]]:
    """A row for each implementation: ours by name, PaddleSeg's as `PaddleSeg.NAME`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.traffic.worker", folder, *losses]
        environment = {
            **os.environ,
            "GLOG_logtostderr": "1",
            "PADDLESEG_LOSSES_KERNELS": "composed",
            "TRAFFIC_SIZE": ",".join(map(str, size)),
        }
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}:\n{done.stderr[-2000:]}")
        return [_read(Path(folder), loss) for loss in losses]


def _read(folder: Path, loss: str) -> dict[str, Any]:
    facts, passes = json.loads((folder / f"{loss}.json").read_text(encoding="utf-8")), read_log(folder / f"{loss}.log")
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
