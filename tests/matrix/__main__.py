"""Build an environment for each combination of versions, ask each for the same values, and print the table.

    python -m tests.matrix                         # all that can be built here; `make test-matrix`
    python -m tests.matrix --only paddle-2.6.2     # those whose name begins so, or contains it
    python -m tests.matrix --values                # neither the laws nor PaddleSeg's trainings
    python -m tests.matrix --keep                  # leave the environments in build/matrix

A Python that is not on PATH and a wheel that does not exist are said so in the table, and are no failure. Environments
are made one after another and removed again: each needs about 1 GB. The laws run on the oldest and the newest.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build" / "matrix"
PADDLES = ("2.6.2", "3.0.0", "3.1.1", "3.2.2", "3.3.1")
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
NO_WHEEL = {("2.6.2", "3.13")}
BASICS = ("setuptools", "protobuf<7", "scipy", "PyYAML", "click>=8", "rich")
TESTS = ("pytest>=8", "pytest-timeout", "hypothesis", "typing_extensions")
PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore"]
LAWS = [*PYTEST, "tests/laws", "tests/unit/test_package.py"]
TRAININGS = [*PYTEST, *(f"tests/paddleseg/test_{name}.py" for name in ("trainer", "resuming", "checkpoints"))]


@dataclass(frozen=True)
class Environment:
    """A combination of versions; `clone` means PaddleSeg's newest code, which PADDLESEG_CLONE names."""

    paddle: str
    python: str
    numpy: str = "1"
    paddleseg: str | None = None
    laws: bool = False

    @property
    def name(self) -> str:
        """Also that of its folder."""
        parts = [f"paddle-{self.paddle}", f"python-{self.python}", f"numpy-{self.numpy}"]
        return "_".join(parts + ([f"paddleseg-{self.paddleseg}"] if self.paddleseg else []))

    @property
    def packages(self) -> list[str]:
        """What pip installs."""
        numpy = "numpy<2" if self.numpy == "1" else "numpy>=2,<2.4" if self.numpy == "2" else f"numpy=={self.numpy}"
        wanted = [f"paddlepaddle=={self.paddle}", numpy, *BASICS]
        if self.paddleseg == "2.8.0":
            wanted.append("paddleseg==2.8.0")
        elif self.paddleseg:
            wanted += ["opencv-python-headless", "visualdl", "filelock", "tqdm", "prettytable", "scikit-learn"]
        wanted += ["pandas<3", "scikit-image"] if self.paddleseg else []  # PaddleSeg imports them, and names neither
        return wanted + (list(TESTS) if self.laws or self.paddleseg else [])


def environments() -> list[Environment]:
    """Every Paddle with every Python; NumPy 2, and the two PaddleSegs, with the oldest and newest that take them."""
    pairs = [(paddle, python) for paddle in PADDLES for python in PYTHONS if (paddle, python) not in NO_WHEEL]
    listed = [Environment(paddle, python, "2" if python == "3.13" else "1") for paddle, python in pairs]
    listed += [Environment(paddle, python, "2") for paddle in PADDLES[1:] for python in ("3.11",)]
    listed += [Environment("2.6.2", "3.9", laws=True), Environment("3.3.1", "3.13", "2", laws=True)]
    listed += [Environment(paddle, "3.11", "1", "2.8.0") for paddle in ("2.6.2", "3.3.1")]
    listed += [Environment("2.6.2", "3.11", "1", "clone"), Environment("3.3.1", "3.11", "2", "clone")]
    unique = {each.name: each for each in listed}.values()  # those with laws stand behind those without
    return sorted(unique, key=lambda each: each.laws)  # which takes longest


def build(environment: Environment, folder: Path) -> str | None:
    """Create it, or say why not."""
    interpreter = _of_pyenv(environment.python) or shutil.which(f"python{environment.python}")
    shutil.rmtree(folder, ignore_errors=True)
    if interpreter is None or subprocess.run([interpreter, "-m", "venv", folder]).returncode:
        return f"no python{environment.python} here"
    pip = [_python(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, *environment.packages], capture_output=True, text=True)
    return None if done.returncode == 0 else "not installable: " + done.stderr.strip().splitlines()[-1][:200]


def _of_pyenv(version: str) -> str | None:
    """The Python itself: what pyenv puts on PATH may point to nothing."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    interpreters = sorted(versions.glob(f"{version}.*/bin/python{version}"))
    return str(interpreters[-1]) if interpreters else None


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ask(environment: Environment, folder: Path) -> dict[str, object]:
    """What the environment says: values, then the laws or PaddleSeg's tests where they are asked for."""
    answer: dict[str, object] = {"name": environment.name}
    done = _run(folder, ["-W", "ignore", "-m", "tests.matrix.values"], None)
    try:
        answer.update(json.loads(done.stdout.strip().splitlines()[-1]))
    except (IndexError, ValueError):
        return {**answer, "failed": (done.stderr or done.stdout).strip()[-500:]}
    if environment.laws:
        answer["laws"] = _verdict(_run(folder, LAWS, None), environment)
    if environment.paddleseg:
        clone = os.environ.get("PADDLESEG_CLONE") if environment.paddleseg == "clone" else None
        if environment.paddleseg == "clone" and clone is None:
            answer["paddleseg"] = "PADDLESEG_CLONE names no clone"
        else:
            answer["paddleseg"] = _verdict(_run(folder, TRAININGS, clone), environment)
    return answer


def _run(folder: Path, arguments: list[str], clone: str | None) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT), *([clone] if clone else [])])
    variables = {**os.environ, "PYTHONPATH": paths, "LC_ALL": "C.UTF-8"}
    command = [str(_python(folder)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=variables, timeout=3600)


def _verdict(done: subprocess.CompletedProcess[str], environment: Environment) -> str:
    """The last line; all of them stay in a file of the environment's name."""
    with (WORK / f"{environment.name}.txt").open("a", encoding="utf-8") as file:
        file.write(done.stdout + done.stderr)
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]]
    return lines[-1].strip("= ")


def row(answer: dict[str, object]) -> str:
    """A line of the table."""
    name = str(answer["name"]).replace("_", " ")
    if "failed" in answer or "skipped" in answer:
        return f"| {name} | {answer.get('skipped') or 'FAILED: ' + str(answer['failed']).splitlines()[-1]} | | |"
    gaps = ", ".join(f"{path}: {gap:.1e}" for path, gap in dict(answer["gaps"]).items())  # type: ignore[call-overload]
    verdict = f"{answer['losses']} losses equal" if not answer["wrong"] else f"WRONG: {len(list(answer['wrong']))}"  # type: ignore[call-overload]
    return f"| {name} | {verdict} | {gaps} | {answer.get('laws') or answer.get('paddleseg') or ''} |"


def main() -> int:
    """All of them, one after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a name, or part of some, such as paddle-2.6.2")
    parser.add_argument("--values", action="store_true", help="neither the laws nor PaddleSeg's trainings")
    parser.add_argument("--keep", action="store_true", help="leave the environments")
    parser.add_argument("--list", action="store_true", help="only their names")
    arguments = parser.parse_args()
    known = environments()
    if arguments.values:
        known = [replace(each, laws=False) for each in known if not each.paddleseg]
    chosen = [each for each in known if each.name == arguments.only] or [
        each for each in known if arguments.only in each.name
    ]
    if arguments.list:
        print(*(each.name for each in chosen), sep="\n")
        return 0
    failed = 0
    print("| environment | values | largest difference | further |\n|---|---|---|---|")
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "answers.jsonl").open("a", encoding="utf-8") as log:
        for environment in chosen:
            folder = WORK / environment.name
            problem = build(environment, folder)
            answer = {"name": environment.name, "skipped": problem} if problem else ask(environment, folder)
            print(row(answer), flush=True)
            print(json.dumps(answer), file=log, flush=True)
            further = f"{answer.get('laws', '')} {answer.get('paddleseg', '')}"
            failed += bool(answer.get("wrong") or "failed" in answer or " failed" in further or "error" in further)
            if not arguments.keep:
                shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
