"""Answers to an unknown name or option, from the table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from .table import ANY, Library, OtherLoss, OtherOption, libraries

_Row = tuple[Library, OtherOption]


@dataclass(frozen=True)
class Hint:
    """What one or several libraries mean by a word, and what says the same here."""

    sources: tuple[str, ...]
    en: str
    zh: str
    rename: str = ""  # the option that takes the same value here

    def __str__(self) -> str:
        return f"from {', '.join(self.sources)}: {self.en.replace('`', '')}"


def said(hints: Iterable[Hint | str]) -> str:
    """Hints as the last part of an error, one on each line."""
    return f"\n{' ' * len('  what to do: ')}".join(map(str, hints))


def loss_hints(name: str) -> list[Hint]:
    """What stands here for a loss of other libraries; upper and lower case are the same."""
    folded = name.lower()
    rows = [(library, loss) for library in libraries() for loss in library.losses if loss.name.lower() == folded]
    return _merged(rows)


def option_hints(
    loss: str, option: str, value: Any, known: Collection[str], takes: Callable[[Mapping[str, Any]], bool]
) -> list[Hint]:
    """What stands for an option that our loss lacks; `takes` says whether it can be made with some options."""
    return _merged(
        pair
        for library in libraries()
        for pair in _of_the_value(_about(library, loss, option, lambda row: _can_be_said(row, known, takes)), value)
    )


def value_hints(loss: str, option: str, value: Any) -> list[Hint]:
    """What stands for a value of another library that our option of the same name refuses."""
    return _merged(pair for library in libraries() for pair in _about(library, loss, option, lambda row: row.fits(value)))


def _about(library: Library, loss: str, option: str, fits: Callable[[OtherOption], bool]) -> list[_Row]:
    """Rows about an option: for losses of that library that ours stands for, else those that hold everywhere."""
    rows = [row for row in library.options if option in row.options and (not row.only or loss in row.only) and fits(row)]
    near = [row for row in rows if loss in library.counterparts(row)]
    chosen = [row for row in near if row.of] or near or [row for row in rows if row.everywhere]
    return [(library, row) for row in chosen]


def _can_be_said(row: OtherOption, known: Collection[str], takes: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether our loss has the options that a row speaks of."""
    if row.rename and row.rename not in known:
        return False
    return takes(row.takes) and ("type" in row.use or takes(row.use))


def _of_the_value(rows: list[_Row], value: Any) -> list[_Row]:
    """Rows of this value, else those of any value; all for a value that no row expects."""
    exact = [pair for pair in rows if pair[1].fits(value)]
    general = [pair for pair in rows if pair[1].value is ANY]
    return exact or general or ([] if isinstance(value, bool) else rows)


def _merged(rows: Iterable[tuple[Library, OtherLoss | OtherOption]]) -> list[Hint]:
    """One hint for each answer, with all libraries that share it."""
    sources: dict[tuple[str, str, str], list[str]] = {}
    for library, row in rows:
        names = sources.setdefault((row.en, row.zh, getattr(row, "rename", "")), [])
        if library.name not in names:
            names.append(library.name)
    return [Hint(tuple(names), *answer) for answer, names in sources.items()]
