"""Under which conditions figures were made: they mean nothing without."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .peers import OURS, PEERS
from .processes import started
from .timing import Plan


def processors() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def load() -> float | None:
    """Processes that wanted to run in the last minute; idle machines are near 0."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def peers(wanted: list[str], threads: int) -> tuple[dict[str, Any], list[str]]:
    """Which of some peers can be imported, which cannot and why, and their versions."""
    installed: dict[str, Any] = {"missing": {}, "versions": {}}
    names = list(dict.fromkeys(PEERS[name].framework for name in [OURS, *wanted]))
    with started(*names, threads=threads) as processes:
        for process in processes.values():
            told = process.ask("peers")
            installed["missing"].update({k: v for k, v in told["missing"].items() if k in wanted})
            installed["versions"].update(told["versions"])
    return installed, [name for name in wanted if name not in installed["missing"]]


def describe(threads: int, plan: Plan, installed: dict[str, Any], whole: bool) -> dict[str, Any]:
    """Everything that a reader needs to judge the figures."""
    from paddleseg_losses import kernels

    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor(),
        "processors": processors(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "threads": threads,
        "load_before": load(),
        "kernels": kernels.status()["active"],
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "everything": whole,
        **installed,
    }
