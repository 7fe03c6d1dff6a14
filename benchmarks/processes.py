"""The other end of `worker.py`: one process for each framework, stopped while another one measures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .cases import Shape
from .peers import OURS

ROOT = Path(__file__).resolve().parents[1]


class Failed(Exception):
    """A request that the worker could not answer."""


class Process:
    """One worker. Between requests it is stopped, so that none of its threads can spin."""

    def __init__(self, framework: str, threads: int, log: Any = subprocess.DEVNULL) -> None:
        # Ours has threads of its own and leaves Paddle's operators with one, as Paddle does that is told nothing:
        # others spin for a while after each operator and take a processor away.
        counts = ["PADDLESEG_LOSSES_THREADS"] if framework == OURS else ["OMP_NUM_THREADS", "MKL_NUM_THREADS"]
        environment = {**os.environ, **dict.fromkeys(counts, str(threads)), "GLOG_minloglevel": "3"}
        self._popen = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", framework, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """One request and its answer."""
        if isinstance(request.get("shape"), Shape):
            request["shape"] = asdict(request["shape"])
        self._signal("SIGCONT")
        try:
            self._popen.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._popen.stdin.flush()
            line = self._popen.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"the process ended with code {self._popen.wait()}")
        self._signal("SIGSTOP")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def close(self) -> None:
        """End it."""
        self._signal("SIGCONT")
        self._popen.stdin.close()
        self._popen.stdout.close()
        self._popen.kill()
        self._popen.wait()

    def _signal(self, name: str) -> None:
        if hasattr(signal, name) and self._popen.poll() is None:
            self._popen.send_signal(getattr(signal, name))


@contextmanager
def started(*frameworks: str, threads: int) -> Iterator[dict[str, Process]]:
    """A process for each framework."""
    with ExitStack() as stack:
        processes = {}
        for framework in frameworks:
            processes[framework] = Process(framework, threads)
            stack.callback(processes[framework].close)
        yield processes
