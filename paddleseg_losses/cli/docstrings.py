"""The docstrings in Chinese, from `zh/`: `show` speaks them, and the pages of the site are written from them.

A translation stands under its section and a hash of the English it translates, so it ends with that text.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("zh")
CJK = "\u2e80-\u9fff\uff00-\uffef\u201c\u201d\u2014"


def mark(english: str) -> str:
    """The short hash that stands beside a translation and says which English text it translates."""
    return hashlib.sha256(" ".join(english.split()).encode()).hexdigest()[:6]


def key(title: str, english: str) -> str:
    """Where the translation of a section stands."""
    return f"{title} {mark(english)}"


def joined(value: Any) -> Any:
    """What YAML holds, with folded lines of Chinese joined without a blank."""
    if isinstance(value, dict):
        return {key: joined(item) for key, item in value.items()}
    if isinstance(value, list):
        return [joined(item) for item in value]
    return re.sub(f"(?<=[{CJK}]) (?=[{CJK}])", "", value) if isinstance(value, str) else value


@cache
def sections() -> dict[str, tuple[str, dict[str, str]]]:
    """For each loss the file, and its texts by "section hash"."""
    files = [path for path in sorted(FOLDER.glob("*.yml")) if path.stem != "phrases"]
    return {name: (path.name, texts) for path in files for name, texts in _read(path).items()}


@cache
def phrases() -> dict[str, str]:
    """Short texts that occur in many places, by their English."""
    return _read(FOLDER / "phrases.yml")  # type: ignore[no-any-return]


def section(loss: str, title: str, english: str) -> str:
    """The Chinese of a section of a docstring; what is not translated stays English."""
    return sections().get(loss, ("", {}))[1].get(key(title, english), english)


def phrase(english: str) -> str:
    """The Chinese of a phrase; what is not translated stays English."""
    return phrases().get(english, english)


def for_and_against(when: str) -> tuple[str, str] | None:
    """The two halves of a section `When`."""
    halves = re.fullmatch(r"For: (.*) Against: (.*)", " ".join(when.split()))
    return (halves[1], halves[2]) if halves else None


def _read(path: Path) -> Any:
    return joined(yaml.safe_load(path.read_text(encoding="utf-8")))
