"""English and Chinese, and the Chinese texts that have to keep up with the English docstrings."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).resolve().parent.parent
CJK = "\u2e80-\u9fff\uff00-\uffef\u201c\u201d\u2014"


@dataclass(frozen=True)
class Language:
    """Which of two texts to write, and how files of the language end."""

    chinese: bool

    @property
    def suffix(self) -> str:
        """Of the names of its files."""
        return "_cn" if self.chinese else ""

    @property
    def other(self) -> Language:
        """The other one."""
        return Language(not self.chinese)

    def __call__(self, english: str, chinese: str) -> str:
        """The text of this language."""
        return chinese if self.chinese else english


ENGLISH, CHINESE = Language(False), Language(True)


def page(name: str, language: Language) -> str:
    """The file of a loss's page."""
    return f"{name}{language.suffix}.md"


def read(path: str) -> Any:
    """A YAML file of this folder; lines of Chinese that were folded are joined without a blank."""
    return _joined(yaml.safe_load((DOCS / path).read_text(encoding="utf-8")))


def read_all(folder: str) -> list[Any]:
    """The numbered YAML files of a folder, in order."""
    return [read(f"{folder}/{path.name}") for path in sorted((DOCS / folder).glob("[0-9]*.yml"))]


def _joined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _joined(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_joined(item) for item in value]
    return re.sub(f"(?<=[{CJK}]) (?=[{CJK}])", "", value) if isinstance(value, str) else value


def mark(english: str) -> str:
    """The short hash that stands beside a translation and says which English text it translates."""
    return hashlib.sha256(" ".join(english.split()).encode()).hexdigest()[:6]


@dataclass
class Translations:
    """The Chinese of the docstrings, from `zh/`; what is missing or has been overtaken is kept in `problems`."""

    problems: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    @cached_property
    def sections(self) -> dict[str, tuple[str, dict[str, str]]]:
        """For each loss the file, and its texts by "section hash"."""
        files = [path for path in sorted((DOCS / "zh").glob("*.yml")) if path.stem != "phrases"]
        return {name: (path.name, texts) for path in files for name, texts in read(f"zh/{path.name}").items()}

    @cached_property
    def phrases(self) -> dict[str, str]:
        """Short texts that occur in many places, by their English."""
        return read("zh/phrases.yml")  # type: ignore[no-any-return]

    def section(self, loss: str, title: str, english: str) -> str:
        """The Chinese of a section of a docstring."""
        file, texts = self.sections.get(loss, ("", {}))
        key = f"{title} {mark(english)}"
        self.used.add((loss, key))
        if key in texts:
            return texts[key]
        found = [old for old in texts if old.rpartition(" ")[0] == title]
        state = f"has changed since `{found[0]}` was written" if found else "is not translated"
        self.problems.append(f"docs/zh/{file or '?.yml'}: {loss}: {title} {state}; write `{key}` for: {english}")
        return english

    def phrase(self, english: str) -> str:
        """The Chinese of a phrase."""
        if english not in self.phrases:
            self.problems.append(f"docs/zh/phrases.yml: not translated: {english}")
        self.used.add(("", english))
        return self.phrases.get(english, english)

    def unused(self) -> list[str]:
        """Translations that nothing asks for any more."""
        kept = {(loss, key) for loss, (_, texts) in self.sections.items() for key in texts}
        kept |= {("", phrase) for phrase in self.phrases}
        return [f"docs/zh: nothing uses {loss or 'phrases.yml'}: `{key}`" for loss, key in sorted(kept - self.used)]
