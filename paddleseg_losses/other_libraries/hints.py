"""Answers to an unknown name or option, from the table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ..i18n import Message, Text, _, listed, translate
from .table import ANY, Library, OtherLoss, OtherOption, libraries, plain


@dataclass(frozen=True)
class Hint:
    """What one or several libraries mean by a word, and what says the same here."""

    sources: tuple[str, ...]
    text: str
    rename: str = ""  # the option that takes the same value here

    def __str__(self) -> str:
        answer = plain(translate(self.text))
        return str(_("from {libraries}: {answer}", libraries=", ".join(self.sources), answer=answer))


def said(hints: Iterable[Hint | Text]) -> Message:
    """Hints as the last part of an error, one on each line."""
    return listed(hints, Message(f"\n{' ' * len('  what to do: ')}"))


def renamed(hints: Iterable[Hint]) -> str | None:
    """The option that takes the same value here, if all libraries that have the word mean that one."""
    names = {hint.rename for hint in hints}
    return names.pop() or None if len(names) == 1 else None


def loss_hints(name: str) -> list[Hint]:
    """What stands here for a loss of other libraries; upper and lower case are the same."""
    return _merged(
        (library, loss)
        for library in libraries()
        for loss in library.losses
        if name.lower() in map(str.lower, loss.names)
    )


def option_hints(
    loss: str, option: str, value: Any, known: Collection[str], takes: Callable[[Mapping[str, Any]], bool]
) -> list[Hint]:
    """What stands for an option that our loss lacks; `takes` says whether it can be made with some options."""
    return _merged(
        (library, row)
        for library in libraries()
        for row in _of_the_value(
            [row for row in _about(library, loss, option) if _can_be_said(row, known, takes)], library, loss, value
        )
    )


def value_hints(loss: str, option: str, value: Any) -> list[Hint]:
    """What stands for a value of another library that our option of the same name refuses."""
    return _merged(
        (library, row)
        for library in libraries()
        for row in _nearest([row for row in _about(library, loss, option) if row.fits(value)], library, loss)
    )


def _about(library: Library, loss: str, option: str) -> list[OtherOption]:
    return [row for row in library.options if option in row.options and (not row.only or loss in row.only)]


def _of_the_value(rows: list[OtherOption], library: Library, loss: str, value: Any) -> list[OtherOption]:
    """Rows of this value, else those of any value; all for a value that no row expects."""
    unexpected = [] if isinstance(value, bool) else rows
    for chosen in ([row for row in rows if row.fits(value)], [row for row in rows if row.value is ANY], unexpected):
        near = _nearest(chosen, library, loss)
        if near:
            return near
    return []


def _nearest(rows: list[OtherOption], library: Library, loss: str) -> list[OtherOption]:
    """Rows about the losses of that library that ours stands for, else those that hold everywhere."""
    near = [row for row in rows if loss in library.counterparts(row)]
    return [row for row in near if row.of] or near or [row for row in rows if row.everywhere]


def _can_be_said(row: OtherOption, known: Collection[str], takes: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether our loss has the options that a row speaks of."""
    if row.rename and row.rename not in known:
        return False
    return takes(row.takes) and ("type" in row.use or takes(row.use))


def _merged(rows: Iterable[tuple[Library, OtherLoss | OtherOption]]) -> list[Hint]:
    """One hint for each answer, with all libraries that share it."""
    sources: dict[tuple[str, str], list[str]] = {}
    for library, row in rows:
        names = sources.setdefault((row.text, getattr(row, "rename", "")), [])
        if library.name not in names:
            names.append(library.name)
    return [Hint(tuple(names), *answer) for answer, names in sources.items()]
