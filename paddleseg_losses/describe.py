"""What is known about one loss, in the language of the run: `show` and the pages of the documentation tell it."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .errors import OptionError
from .formula import Line, complete
from .i18n import Message, _, translate
from .options import options_of, own_options_of
from .registry import LossSpec

CODE = ("Args", "Example", "YAML")  # sections that are the same in every language


@dataclass(frozen=True)
class OptionFacts:
    """One option of a loss; `own` if it belongs to this loss alone."""

    name: str
    default: Any
    meaning: str
    values: str
    own: bool


@dataclass(frozen=True)
class Description:
    """The docstring of a loss by section, and its options."""

    spec: LossSpec
    sections: dict[str, str]  # Summary, Formula, For, Against, Reference, Differences, Example, YAML
    formula: tuple[Line, ...]  # the lines of Formula, and those that explain the rest of its symbols
    shapes: dict[str, str]  # logits, labels, output
    equation: str
    detached: tuple[str, ...]
    options: tuple[OptionFacts, ...]


def describe(spec: LossSpec) -> Description:
    """Collect what is known about a loss."""
    own = own_options_of(spec.cls)
    options = tuple(
        OptionFacts(name, option.default, str(option.help), str(option.expected), name in own)
        for name, option in options_of(spec.cls).items()
    )
    english = docstring(spec.cls)
    meanings = {option.name: option.meaning for option in options}
    lines = tuple(_translated_line(line) for line in complete(english["Formula"], meanings))
    shapes = {name: translate(shape) for name, shape in _shapes(english.pop("Shape", "")).items()}
    sections = {title: text if title in CODE else _translated(text) for title, text in english.items()}
    sections["Formula"] = "\n".join(_as_text(line) for line in lines)
    return Description(spec, sections, lines, shapes, str(spec.equation), tuple(map(translate, spec.detached)), options)


def docstring(cls: type) -> dict[str, str]:
    """The sections of a docstring in English: the first line is `Summary`, the halves of `When` are on their own."""
    summary, *rest = re.split(r"^(\w+):$", inspect.cleandoc(cls.__doc__ or ""), flags=re.MULTILINE)
    sections = {"Summary": summary.strip()}
    for title, text in zip(rest[::2], rest[1::2]):
        dedented = textwrap.dedent(text).strip()
        if title == "When":
            halves = re.fullmatch(r"For: (.*) Against: (.*)", " ".join(dedented.split()))
            if halves is None:
                raise OptionError(f"{cls.__name__}: `When` is {dedented!r}.", "For: ... Against: ...", "write both")
            sections["For"], sections["Against"] = halves[1], halves[2]
        else:
            sections[title] = dedented
    return sections


def texts(spec: LossSpec) -> Iterator[str]:
    """Everything that its class and its spec say and that is to be translated."""
    yield from (text.template for text in (spec.title, spec.purpose, spec.equation) if isinstance(text, Message))
    yield from spec.detached
    for title, text in docstring(spec.cls).items():
        if title == "Shape":
            yield from _shapes(text).values()
        elif title == "Formula":
            yield from (line.words for line in complete(text, {}) if line.words)
        elif title not in CODE:
            yield _key(text)
    yield from (option.help.template for option in options_of(spec.cls).values())


def _shapes(text: str) -> dict[str, str]:
    lines = re.sub(r"\n +", " ", text).splitlines()
    return {name: shape for name, _colon, shape in (line.partition(": ") for line in lines)}


def _key(text: str) -> str:
    """What a translation belongs to: prose may be wrapped anew without losing it."""
    return " ".join(text.split())


def _translated(text: str) -> str:
    translated = translate(_key(text))
    return text if translated == _key(text) else translated


def _translated_line(line: Line) -> Line:
    """The words of an option are translated already."""
    return line if line.option else replace(line, words=translate(line.words))


def _as_text(line: Line) -> str:
    return str(_("{name}: {text}", name=line.math, text=line.words)) if line.words else line.math
