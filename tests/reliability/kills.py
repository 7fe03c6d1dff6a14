"""`kill -9` at random moments of a command, which is then given again: in the end all is as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

MOST = 600  # seconds until an undisturbed command ends


class Command(Protocol):
    """One that goes on where it was stopped; it writes to the folder that it is given."""

    steps: int  # of the whole
    delay: float  # seconds: no step takes longer, unless the machine is busy

    def words(self, output: Path) -> list[object]:
        """The command line, behind `paddleseg-losses`."""

    def reached(self, output: Path) -> int:
        """How many steps are done, as its files tell."""

    def state(self, output: Path) -> str:
        """What a kill has left, for people."""

    def ended(self, output: Path) -> bool:
        """Whether nothing is left to do."""

    def same(self, one: Path, other: Path) -> bool:
        """Whether two folders hold the same results."""


def trial(command: Command, times: int, seed: int) -> int:
    """So many kills, of one run after another; prints each, and how many runs ended as the undisturbed one."""
    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), random.Random(seed)
        _finish(_start(command, folder / "whole"))
        kills, equal = 0, []
        while kills < times:
            output = folder / f"run{len(equal)}"
            moments = _disturbed(command, output, rng, times - kills)
            kills += len(moments)
            equal.append(command.same(folder / "whole", output))
            verdict = "equal" if equal[-1] else "DIFFERENT"
            print(f"killed after {', '.join(moments)}: {verdict}", flush=True)
    print(json.dumps({"kills": kills, "runs": len(equal), "equal": sum(equal)}))
    return 0 if all(equal) else 1


def _start(command: Command, output: Path) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-W", "ignore", "-m", "paddleseg_losses", *map(str, command.words(output))]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"})


def _finish(process: subprocess.Popen[bytes]) -> None:
    _, said = process.communicate(timeout=MOST)
    if process.returncode:
        raise RuntimeError(said.decode()[-2000:])


def _disturbed(command: Command, output: Path, rng: random.Random, most: int) -> list[str]:
    """Kill it, start it again, and at last let it end."""
    moments: list[str] = []
    for _ in range(min(most, rng.randint(1, 3))):
        process = _start(command, output)
        step, delay = rng.randint(0, command.steps), rng.uniform(0, command.delay)
        _wait_for(process, command, output, step)
        time.sleep(delay)  # anywhere in the next steps, or while something is written
        process.kill()
        process.communicate()
        moments.append(f"step {step} + {delay:.2f} s ({command.state(output)})")
    if not command.ended(output):
        _finish(_start(command, output))
    return moments


def _wait_for(process: subprocess.Popen[bytes], command: Command, output: Path, step: int) -> None:
    """Until a step is done, or one beyond; 0 is any time before the first."""
    while process.poll() is None and command.reached(output) < step:
        time.sleep(0.05)
