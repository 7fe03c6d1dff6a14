"""The languages of the documents, and the texts that are written by hand in each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from paddleseg_losses.i18n import WORDS, Message, Text, in_context, listed, speaking

DOCS = Path(__file__).resolve().parent.parent
CJK = "\u2e80-\u9fff\uff00-\uffef\u201c\u201d\u2014"
SUFFIXES = {"en": "", "zh": "_cn"}  # of the names of files; PaddlePaddle's repositories write _cn


@dataclass(frozen=True)
class Language:
    """A language, by its code in the catalogues."""

    code: str

    @property
    def suffix(self) -> str:
        """Of the names of its files."""
        return SUFFIXES.get(self.code, f"_{self.code}")

    @property
    def name(self) -> str:
        """What its speakers call it."""
        return self.of(in_context("this language, in its own words", "English"))

    @property
    def others(self) -> list[Language]:
        """The other languages of the documents."""
        return [other for other in LANGUAGES if other != self]

    def __call__(self, template: str, **fields: Any) -> str:
        """A text in this language."""
        return self.of(Message(template, **fields))

    def of(self, text: Text) -> str:
        """A text of the package in this language."""
        with speaking(self.code):
            return str(text)

    def join(self, texts: Iterable[Text], separator: Message = WORDS) -> str:
        """Texts as a list."""
        return self.of(listed(texts, separator))


ENGLISH, CHINESE = Language("en"), Language("zh")
LANGUAGES = [ENGLISH, CHINESE]  # those that the pages written by hand have


def links_to(language: Language, name: str) -> list[str]:
    """Links to a page in the other languages."""
    return [f"[{other.name}]({name}{other.suffix}.md)" for other in language.others]


def page(name: str, language: Language) -> str:
    """The file of a loss's page."""
    return f"{name}{language.suffix}.md"


def pick(texts: dict[str, str], language: Language) -> str:
    """Of a text that is written by hand in each language, this one's."""
    return texts[language.code].strip()


@cache
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
