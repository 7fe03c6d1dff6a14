"""The table as it stands in the YAML files: libraries, their losses and options, and what says the same here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LIBRARIES = ("paddleseg", "monai", "smp", "kornia", "nnunet", "mmsegmentation", "paddle")
ANY = object()  # an option whatever its value
_LISTS = ("names", "options", "here", "of", "only")  # written as words with blanks between them


@dataclass(frozen=True)
class OtherLoss:
    """A loss of another library, or several with one answer."""

    names: tuple[str, ...]
    options: tuple[str, ...]
    here: tuple[str, ...]  # our losses that stand for it; none if there is no such loss
    text: str
    use: dict[str, Any] = field(default_factory=dict)  # a configuration that says the same
    test: str = ""  # the test that compares the two formulas


@dataclass(frozen=True)
class OtherOption:
    """An option of another library, perhaps with the one value that is meant."""

    options: tuple[str, ...]
    text: str
    value: Any = ANY
    of: tuple[str, ...] = ()  # the losses of that library that are meant; all that have it if empty
    only: tuple[str, ...] = ()  # our losses to which the answer applies; all if empty
    everywhere: bool = False  # whether it is also the answer for our losses that this library does not have
    takes: dict[str, Any] = field(default_factory=dict)  # what our loss has to take for the answer to be true
    rename: str = ""  # the option that takes the same value here
    use: dict[str, Any] = field(default_factory=dict)
    test: str = ""

    def fits(self, value: Any) -> bool:
        """Whether this value is the one that is meant; True is not 1 here."""
        return type(value) is type(self.value) and bool(value == self.value)


@dataclass(frozen=True)
class Library:
    """One library: where its losses were read, and both lists."""

    name: str
    title: str
    anchor: str
    url: str
    version: str
    intro: str
    losses: tuple[OtherLoss, ...]
    options: tuple[OtherOption, ...]

    def counterparts(self, row: OtherOption) -> set[str]:
        """Our losses that stand for the losses of this library that a row is about."""
        about = [loss for loss in self.losses if set(row.of) & set(loss.names) or not row.of]
        return {name for loss in about if set(row.options) & set(loss.options) for name in loss.here}


@cache
def libraries() -> tuple[Library, ...]:
    """All libraries, in the order of the page; read when first asked for."""
    return tuple(_library(name) for name in LIBRARIES)


def plain(text: str) -> str:
    """A text of the table as an error says it."""
    return text.replace("`", "")


def texts() -> Iterator[str]:
    """Everything that the table says in words, to be translated."""
    for library in libraries():
        yield library.intro
        yield from (loss.text for loss in library.losses)
        yield from (option.text for option in library.options)


def _library(name: str) -> Library:
    read = yaml.safe_load((Path(__file__).parent / f"{name}.yml").read_text(encoding="utf-8"))
    return Library(
        name=read["library"],
        title=read.get("title", read["library"]),
        anchor=name,
        url=read["url"],
        version=str(read["version"]),
        intro=" ".join(read["intro"].split()),
        losses=tuple(OtherLoss(**_row(row)) for row in read["losses"]),
        options=tuple(OtherOption(**_row(row)) for row in read["options"]),
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its lists of words split."""
    lists: dict[str, Any] = {key: tuple(row[key].split()) for key in _LISTS if key in row}
    return {**row, **lists, "text": row["text"].strip()}
