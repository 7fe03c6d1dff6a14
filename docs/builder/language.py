"""English and Chinese, and the Chinese texts that have to keep up with the English docstrings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from paddleseg_losses.cli.docstrings import joined

from paddleseg_losses.cli import docstrings

DOCS = Path(__file__).resolve().parent.parent
ZH = "paddleseg_losses/cli/zh"


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
    return joined(yaml.safe_load((DOCS / path).read_text(encoding="utf-8")))


def read_all(folder: str) -> list[Any]:
    """The numbered YAML files of a folder, in order."""
    return [read(f"{folder}/{path.name}") for path in sorted((DOCS / folder).glob("[0-9]*.yml"))]


@dataclass
class Translations:
    """The Chinese of the docstrings, from `cli/zh`; what is missing or has been overtaken is kept in `problems`."""

    problems: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    def section(self, loss: str, title: str, english: str) -> str:
        """The Chinese of a section of a docstring."""
        file, texts = docstrings.sections().get(loss, ("", {}))
        key = docstrings.key(title, english)
        self.used.add((loss, key))
        if key in texts:
            return texts[key]
        found = [old for old in texts if old.rpartition(" ")[0] == title]
        state = f"has changed since `{found[0]}` was written" if found else "is not translated"
        self.problems.append(f"{ZH}/{file or '?.yml'}: {loss}: {title} {state}; write `{key}` for: {english}")
        return english

    def phrase(self, english: str) -> str:
        """The Chinese of a phrase."""
        if english not in docstrings.phrases():
            self.problems.append(f"{ZH}/phrases.yml: not translated: {english}")
        self.used.add(("", english))
        return docstrings.phrase(english)

    def unused(self) -> list[str]:
        """Translations that nothing asks for any more."""
        kept = {(loss, key) for loss, (_, texts) in docstrings.sections().items() for key in texts}
        kept |= {("", phrase) for phrase in docstrings.phrases()}
        return [f"{ZH}: nothing uses {loss or 'phrases.yml'}: `{key}`" for loss, key in sorted(kept - self.used)]
