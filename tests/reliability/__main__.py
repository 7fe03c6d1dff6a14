"""Run one of the trials and print its figures; exits 1 if something broke.

python -m tests.reliability fuzz --calls 100000 --seed 1
python -m tests.reliability kills --times 20 --of train
python -m tests.reliability kills --times 20 --of compare
python -m tests.reliability memory --steps 1000
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path


def _fuzz(arguments: argparse.Namespace) -> int:
    from .fuzz import Tally, drawn

    tally, start = Tally(), time.perf_counter()
    for number in range(arguments.first, arguments.first + arguments.calls):
        before = len(tally.broken)
        tally.add(drawn(number, arguments.seed))
        for text in tally.broken[before:]:
            print(text, flush=True)
    print(tally.as_json(), f"{time.perf_counter() - start:.0f} s")
    return 1 if tally.broken else 0


def _kills(arguments: argparse.Namespace) -> int:
    from .killed_comparison import Comparison
    from .killed_training import Training
    from .kills import trial

    with tempfile.TemporaryDirectory() as folder:
        command = {"train": Training, "compare": Comparison}[arguments.of](Path(folder))
        return trial(command, arguments.times, arguments.seed)


def _memory(arguments: argparse.Namespace) -> int:
    from paddleseg_losses import registry

    from .steps import ALLOWED, of_its_own

    grown = {}
    for backend in ("native", "composed"):
        for name in arguments.losses or registry.names():
            grown[name, backend] = share = of_its_own(name, backend, arguments.steps)
            print(f"{name} {backend}: {share:+.2%} in the second half of {arguments.steps} steps", flush=True)
    print(f"largest of {len(grown)}: {max(grown.values()):+.2%}")
    return 1 if max(grown.values()) > ALLOWED else 0


def main() -> int:
    """One of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    trials = parser.add_subparsers(dest="trial", required=True)
    fuzz = trials.add_parser("fuzz", help="random calls on every backend")
    fuzz.add_argument("--calls", type=int, default=1000)
    fuzz.add_argument("--first", type=int, default=0, help="the number of the first call")
    fuzz.add_argument("--seed", type=int, default=0)
    fuzz.set_defaults(run=_fuzz)
    kills = trials.add_parser("kills", help="kill -9 at random moments of a command, then go on")
    kills.add_argument("--of", choices=("train", "compare"), default="train")
    kills.add_argument("--times", type=int, default=20)
    kills.add_argument("--seed", type=int, default=0)
    kills.set_defaults(run=_kills)
    memory = trials.add_parser("memory", help="steps with images of many sizes")
    memory.add_argument("--steps", type=int, default=1000)
    memory.add_argument("losses", nargs="*", help="all by default")
    memory.set_defaults(run=_memory)
    arguments = parser.parse_args()
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
