"""Mutants: small mistakes made on purpose, one line each. Which there can be, and which a seed chooses.

A mutant is a file, a line of it and what the line becomes. It is found by the text of the line, so that it survives
whatever is added around it, and the file when it is moved.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# Where the mathematics is; not messages, help, threads or memory.
PYTHON = (
    "losses/**/*.py", "functional/*.py", "kernels/*.py", "inputs.py", "preparation.py", "numeric.py", "transforms.py",
    "schedules.py",
)  # fmt: skip
NATIVE = ("kernels/native/**/*.cpp", "kernels/native/**/*.hpp")
NO_MATHEMATICS = re.compile(
    r"__init__|backend|loader|signatures|buffer_pool|ctypes_args|module\.cpp|memory\.hpp|parallel\.hpp|platform\.hpp"
)
NO_FORMULA = re.compile(
    r"['\"]|^(#|//|\*|import|from|def|class|template|constexpr|@|return status_of|[A-Z_]+ = )"
    r"|Error\(|threads|CHUNK|prefetch|large_pages|stream"
)
# A kind of mistake: what it is made of, and what it makes. Each place that matches is one mutant.
RULES: dict[str, list[tuple[str, str]]] = {
    "sign": [(r"(?<=[\w)\]]) \+ (?=[\w(])", " - "), (r"(?<=[\w)\]]) - (?=[\w(])", " + ")],
    "factor": [
        (r"(?<![\w.])2 \* ", "3 * "),
        (r"(?<![\w.])0\.5(f?)(?!\w)", r"0.25\1"),
        (r"(?<=\w) / 2(?![\w.])", ""),
        (r"(?<![\w.])2\.0f \* ", ""),
    ],
    "index": [(r"\[0\](?!\w)", "[1]"), (r"\[1:\]", "[:-1]"), (r"\[([a-z]\w*)\](?= [-+*<>])", r"[\1 + 1]")],
    "boundary": [  # not those of loops, which only a sanitizer sees
        (r"(?<![ (][a-z]) <(?= )", " <="),
        (r"(?<= )>(?= )", ">="),
        (r"(?<= )>=(?= )", ">"),
        (r"(?<![ (][a-z]) <=(?= )", " <"),
    ],
    "mask": [
        (r" \* (\w+\.)?mask\b(?![.(\[])", ""),
        (r" [&] (\w+\.)?(valid|mask|flawed)\b", ""),
        (r"(\w+\.)?where\((\w*(mask|valid|zero|absent|counted|empty|tiny)), [^()]*(\([^()]*\))?[^()]*, (\w+)\)", r"\5"),
        (r"(\w+\.)?\w+\[\w+\] < 0 \? 0[.\w]* : ", ""),
        (r" && label\[\w+\] >= 0|(\w+\.)?label\[\w+\] >= 0 && ", ""),
    ],
    "sum against mean": [
        (r"(?<=\w)\.sum\((?=\)|axis)", ".mean("),
        (r"(?<=\w)\.mean\((?=\)|axis)", ".sum("),
        (r"(?<=[\w)]) / (double\((\w|->)+\)|n|c|w|\w*count\w*|sizes?|\w*total|\w*weight)(?![\w.(\[])", ""),
    ],
    "wrong class": [
        (r"\.fp\b", ".fn"),
        (r"\.tp\b", ".p"),
        (r"\b(own|channel|c) == (\w+)", r"\1 != \2"),
        (r"== (own|channel)\b", r"== \1 + 1"),
        (r"\[:, 1(:?)\]", r"[:, 0\1]"),
        (r"\brange\(1, ", "range(0, "),
    ],
    "wrong axis": [
        (r"axis=1\b", "axis=0"),
        (r"axis=-1\b", "axis=-2"),
        (r"shape\[1\]", "shape[0]"),
        (r"\* q\.c\b", "* q.n"),
    ],
}


@dataclass(frozen=True)
class Mutant:
    """A line, and what it becomes; `file` is below the package."""

    kind: str
    file: str
    line: str
    becomes: str

    @property
    def native(self) -> bool:
        """Whether it has to be compiled."""
        return self.file.endswith(("pp", ".h"))


def sources(package: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The files that may be mutated, in an order that does not depend on the machine."""
    paths = {path for pattern in patterns for path in package.glob(pattern)}
    return sorted(path for path in paths if not NO_MATHEMATICS.search(path.as_posix()))


def candidates(package: Path, patterns: tuple[str, ...]) -> list[Mutant]:
    """Every mutant that the rules make of lines that occur once in their file."""
    return [
        Mutant(kind, path.relative_to(package).as_posix(), line, becomes)
        for path in sources(package, patterns)
        for line in _code(path)
        for kind, rules in RULES.items()
        for rule in rules
        for becomes in _mutations(line, *rule)
    ]


def _mutations(line: str, pattern: str, replacement: str) -> list[str]:
    code = re.split(r"\s+(?:#|//)\s", line)[0]
    mutated = [code[: m.start()] + m.expand(replacement) + line[m.end() :] for m in re.finditer(pattern, code)]
    return [changed for changed in mutated if changed != line]


def _code(path: Path) -> list[str]:
    """Lines that compute something: without text, comments, docstrings, declarations and lines that occur twice."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'"""[\s\S]*?"""|R"\([\s\S]*?\)"', lambda m: "\n" * m.group().count("\n"), text)
    lines = [line.strip() for line in text.splitlines()]
    once = Counter(lines)
    return [line for line in lines if once[line] == 1 and line and not NO_FORMULA.search(line)]


def draw(package: Path, seed: int, each: dict[str, int], kept: list[Mutant]) -> list[Mutant]:
    """`each` mutants of every kind in Python and in C++: those kept, and as many more as are missing.

    No two come from one file as long as there are files that have none, so that the choice spreads over the package.
    """
    chosen = list(kept)
    for language, patterns in (("python", PYTHON), ("native", NATIVE)):
        everything = candidates(package, patterns)
        for kind in RULES:
            rng = random.Random(f"{seed} {language} {kind}")
            pool = [m for m in everything if m.kind == kind and m not in chosen]
            rng.shuffle(pool)
            of_kind = [m for m in chosen if m.kind == kind and m.native == (language == "native")]
            while len(of_kind) < each[language] and pool:
                used = Counter(m.file for m in chosen)
                best = min(pool, key=lambda m: used[m.file])  # the first of the shuffled ones among equals
                pool.remove(best)
                chosen.append(best)
                of_kind.append(best)
    return chosen


def located(package: Path, mutant: Mutant) -> tuple[Path, int] | None:
    """Where the line is now: in its file, or in the one file of the package that holds it once; None if nowhere."""
    own = package / mutant.file
    suffixes = (".cpp", ".hpp", ".h") if mutant.native else (".py",)
    others = sorted(path for path in package.rglob("*") if path.suffix in suffixes and path != own)
    places = [place for path in ([own] if own.exists() else []) for place in _places(path, mutant.line)]
    if len(places) == 1:
        return places[0]
    places = [place for path in others for place in _places(path, mutant.line)]
    return places[0] if len(places) == 1 else None


def _places(path: Path, line: str) -> list[tuple[Path, int]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(path, number) for number, text in enumerate(lines) if text.strip() == line]
