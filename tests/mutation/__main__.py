"""Measures what the tests are worth: mistakes are made on purpose, and the tests have to notice.

    python -m tests.mutation draw --seed 1          # choose mutants, or replace those whose line is gone
    python -m tests.mutation run                    # make each in a copy, test the copy, write what noticed
    python -m tests.mutation verify                 # the tests that noticed pass where no mistake is
    python -m tests.mutation run --checkout ../old --as before  # the same mistakes under another commit's tests

The list and what came of it is mutants.yml beside this file.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.native_build import CompileError

from .native import Library
from .rules import Mutant, draw, located

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIST = HERE / "mutants.yml"
PACKAGE = "paddleseg_losses"
EACH = {"python": 4, "native": 3}  # mutants of a kind
STAGES = 4
GONE, NO_CODE, SURVIVED = "the line is not there", "no C++", "nothing noticed"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("--seed", type=int, default=1)
    commands.add_parser("verify")
    running = commands.add_parser("run")
    running.add_argument("--checkout", type=Path, default=ROOT, help="whose code and tests; this one unless given")
    running.add_argument("--as", dest="column", default="after", help="the column to write: before or after")
    running.add_argument(
        "--only", nargs="*", type=int, default=[], help="numbers of mutants; all without a result unless given"
    )
    running.add_argument("--objects", type=Path, default=None, help="a folder that keeps compiled objects")
    running.add_argument("--stages", type=int, default=STAGES, help="how far to go: 2 asks only the likeliest tests")
    given = parser.parse_args()
    if given.command == "draw":
        renew(given.seed)
    elif given.command == "verify":
        sys.exit(verify())
    else:
        run(given.checkout.resolve(), given.column, given.only, given.stages, given.objects)


def renew(seed: int) -> None:
    """Write the list: mutants whose line still stands with their results, and new ones for the others."""
    entries = load()
    kept = [e for e in entries if located(ROOT / PACKAGE, mutant(e))]
    for entry in entries:
        if entry not in kept:
            print(f"gone: {entry['file']}: {entry['line']}")
    known = {mutant(entry): entry for entry in kept}
    chosen = draw(ROOT / PACKAGE, seed, EACH, list(known))
    new = [{"kind": m.kind, "file": m.file, "line": m.line, "becomes": m.becomes} for m in chosen if m not in known]
    write([*kept, *new])
    print(f"{len(kept)} kept, {len(new)} new")


def run(checkout: Path, column: str, only: list[int], stages: int, objects: Path | None) -> None:
    """Try mutants one by one, and write each result when it is known."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _copy(checkout, copy)
        library = Library(copy, objects or Path(folder) / "objects")
        library.build()
        for number, entry in enumerate(load(), 1):
            if number in only or (not only and column not in entry):
                noticed = entry.get("before" if column == "after" else "after", "")
                result = _result(copy, mutant(entry), library, stages, [noticed] if "::" in noticed else [])
                print(f"{number:3}. {entry['kind']}: {entry['file']}: {result or 'not yet noticed'}", flush=True)
                if result:
                    _keep(number, column, result)


def verify() -> int:
    """Run the tests that noticed without any mistake: one that fails there has noticed nothing."""
    noticed = {entry["after"] for entry in load() if "::" in entry.get("after", "")}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *sorted(noticed)], cwd=ROOT).returncode


def _keep(number: int, column: str, result: str) -> None:
    """Write one result into the list as it is now: another run may have written its own."""
    entries = load()
    entries[number - 1][column] = result
    write(entries)


def _result(copy: Path, change: Mutant, library: Library, stages: int, known: list[str]) -> str | None:
    """What noticed the mistake; None if not all tests were asked. The test of the other column is asked first."""
    place = located(copy / PACKAGE, change)
    if place is None:
        return GONE
    try:
        with _made(*place, change):
            if change.native:
                library.build()
            noticed = _failed(copy, known)
            if noticed in known:
                return noticed
            for tests in _stages(copy, place[0])[:stages]:
                noticed = _failed(copy, tests)
                if noticed:
                    return noticed
    except CompileError:
        return NO_CODE
    finally:
        if change.native:
            library.build()
    return SURVIVED if stages >= STAGES else None


@contextmanager
def _made(path: Path, number: int, change: Mutant) -> Iterator[None]:
    """A file with the mistake in it, and then without."""
    before = path.read_text(encoding="utf-8")
    lines = before.splitlines(keepends=True)
    lines[number] = lines[number].replace(change.line, change.becomes)
    path.write_text("".join(lines), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def _stages(copy: Path, changed: Path) -> list[list[str]]:
    """Arguments of pytest: first what is most likely to notice, at last everything."""
    alike = sorted(str(path.relative_to(copy)) for path in (copy / "tests").rglob(f"test_{changed.stem}.py"))
    names = re.findall(r"^class (\w+Loss)\b", changed.read_text(encoding="utf-8"), re.MULTILINE)
    reference = ["tests/laws/test_11_reference.py", *(["-k", " or ".join(names)] if names else [])]
    return [
        alike,
        ["tests/kernels", "-m", "not slow"] if "kernels" in changed.parts else reference,
        ["tests/kernels", "tests/laws", "-m", "not slow"],
        ["-n", "2"],
    ]


def _failed(copy: Path, tests: list[str]) -> str | None:
    """The first test that fails."""
    if not tests:
        return None
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "--no-header",
        "--timeout=200",
        "--timeout-method=thread",  # ends a process that hangs in native code too
        *tests,
    ]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    if done.returncode in (0, 5):  # all passed; none was chosen
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", done.stdout, re.MULTILINE)
    return failed.group(1) if failed else f"exit code {done.returncode}"


def _copy(checkout: Path, copy: Path) -> None:
    """Files that git knows, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (checkout / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, copy / name)
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)


def mutant(entry: dict[str, Any]) -> Mutant:
    """What an entry of the list says."""
    return Mutant(entry["kind"], entry["file"], entry["line"], entry["becomes"])


def load() -> list[dict[str, Any]]:
    """The list."""
    return yaml.safe_load(LIST.read_text(encoding="utf-8"))["mutants"] if LIST.exists() else []


def write(entries: list[dict[str, Any]]) -> None:
    """The list with its counts."""
    counts = {}
    for column in ("before", "after"):
        results = [entry[column] for entry in entries if column in entry]
        caught = [r for r in results if r not in (GONE, NO_CODE, SURVIVED)]
        counts[column] = {"caught": len(caught), "survived": results.count(SURVIVED)}
    LIST.write_text(
        yaml.safe_dump({"counts": counts, "mutants": entries}, sort_keys=False, width=150, allow_unicode=True)
    )


if __name__ == "__main__":
    main()
