"""The words of errors and mistakes in Chinese. What is not in the book stays English, so that nothing is lost.

The package raises errors in English, wherever it is used; only the command line speaks both languages.
"""

from __future__ import annotations

import re
from functools import cache

from ... import registry
from ...options import options_of
from ...options.chinese import accepted
from ...other_libraries import translations
from ..language import language
from . import configs, data, tensors, training

# English with {} for what differs; {0}, {1}, ... say where it goes. Of those that fit, the longest is taken.
BOOK = {**configs.BOOK, **tensors.BOOK, **data.BOOK, **training.BOOK}


_LEVELS = {"warning: ": "警告：", "error: ": "错误：", "critical: ": "严重错误："}  # of PaddleSeg's log
# A file, and perhaps a place in it, before a sentence.
_PLACED = re.compile(r"((?!\w+_dataset of |PaddleSeg cannot use ).+?\.ya?ml: (?:[\w.\[\]]+: )?)(.+)", flags=re.DOTALL)


def translated(text: str) -> str:
    """A message of the package in the language to speak."""
    return _chinese(text) if language() == "zh" else text


def commented(yaml: str) -> str:
    """YAML whose comments are in the language to speak."""
    return re.sub(r"(?<=# ).*$", lambda comment: translated(comment[0]), yaml, flags=re.MULTILINE)


def _chinese(text: str) -> str:
    for level, chinese in _LEVELS.items():
        if text.startswith(level):
            return chinese + _chinese(text.removeprefix(level))
    found, joint, expected = text.partition(" Expected: ")  # how the doctor repeats an error
    if joint:
        return f"{_chinese(found).rstrip('.。')}。应为：{_chinese(expected.removesuffix('.'))}。"
    if re.search(r"^ *from (?!_)", text, flags=re.MULTILINE):  # what other libraries mean, one a line
        return "\n".join(_hint(line) for line in text.split("\n"))
    placed = _PLACED.fullmatch(text)
    return placed[1] + _sentence(placed[2]) if placed else _sentence(text)


def _hint(line: str) -> str:
    """A line of an error, perhaps one that says what other libraries mean."""
    text = line.lstrip()
    indent, found = line[: len(line) - len(text)], re.fullmatch(r"from (.+?): (.+)", text)
    if not found:
        return indent + _sentence(text)
    return indent + BOOK["from {}: {}"].format(found[1], _meanings().get(found[2], found[2]))


def _sentence(text: str) -> str:
    for pattern, chinese in _compiled():
        found = pattern.fullmatch(text)
        if found:
            return chinese.format(*map(_inside, found.groups()))
    if re.match(r"(a number|a whole number|None or|true or false|a list of at least|'all')", text):
        return accepted(text)
    name, _, meaning = text.partition(" is ")
    return f"{name} 的含义：{_meanings()[meaning]}" if meaning in _meanings() else _meanings().get(text, text)


def _inside(part: str) -> str:
    """What stands in a gap: "it is 4 in model, 3 in val" keeps its words, a whole sentence does not."""
    return BOOK.get(part, part) if len(part.split()) < 3 else _chinese(part)


@cache
def _compiled() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(re.escape(english).replace(r"\{\}", "(.+?)"), flags=re.DOTALL), BOOK[english])
        for english in sorted(BOOK, key=len, reverse=True)
    ]


@cache
def _meanings() -> dict[str, str]:
    """What the options mean, and what stands for those of other libraries, as their tables say it in both languages."""
    found = {option.help: option.zh for spec in registry.specs() for option in options_of(spec.cls).values()}
    return {**found, **translations()}
