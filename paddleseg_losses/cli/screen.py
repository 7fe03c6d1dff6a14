"""What a command writes: tables and colours for a terminal, plain lines for a pipe, JSON for a script."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ..i18n import Message, Text, _

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_ENDLESS = 10_000  # columns of a pipe: one row, one line
_JSON = f"{__name__}.json"


def ask_json() -> None:
    """Write JSON for the rest of the command."""
    click.get_current_context().meta[_JSON] = True


def wants_json() -> bool:
    """Whether a script reads the output."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))


def print_json(data: Any) -> None:
    """One JSON document; what JSON cannot hold, such as infinity, becomes null."""
    click.echo(json.dumps(_json_value(data), ensure_ascii=False, indent=1, allow_nan=False))


def _json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, Message):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def is_terminal() -> bool:
    """Whether a person looks at the output."""
    return console().is_terminal


def console() -> Console:
    """The standard output of this moment."""
    from rich.console import Console

    screen = Console(file=sys.stdout, highlight=False, emoji=False)
    if not screen.is_terminal:
        screen.width = _ENDLESS
    return screen


def print(*renderables: RenderableType) -> None:
    """Write texts and tables; a pipe gets no colours and no blanks at the ends of lines."""
    screen = console()
    if screen.is_terminal:
        screen.print(*renderables, sep="\n", soft_wrap=False)
        return
    with screen.capture() as captured:
        screen.print(*renderables, sep="\n")
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def warn(text: Text) -> None:
    """A warning on stderr, where it disturbs no script."""
    click.echo(click.style(str(_("warning: ")), fg="yellow", bold=True) + str(text), err=True)


def heading(words: Text) -> RenderableType:
    """A line above a part of the output."""
    from rich.text import Text as Line

    return Line(f"\n{words}", style="bold")


def text(words: Text, indent: int = 0, style: str = "") -> RenderableType:
    """Text as it is: brackets are not markup, long lines are wrapped under their own beginning."""
    from rich.text import Text as Line

    return indented(Line(str(words), style=style), indent)


def indented(renderable: RenderableType, indent: int) -> RenderableType:
    """Anything, moved to the right."""
    from rich.padding import Padding

    return Padding(renderable, (0, 0, 0, indent), expand=False)


def table(columns: Iterable[Text], rows: Iterable[Iterable[Any]], fixed: int = 1, right: Iterable[int] = ()) -> Any:
    """A table without lines. The first `fixed` columns are never wrapped; those in `right` hold numbers."""
    from rich.table import Table
    from rich.text import Text as Line

    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for number, column in enumerate(columns):
        grid.add_column(
            str(column),
            no_wrap=number < fixed,
            overflow="ellipsis" if number < fixed else "fold",  # Chinese has no blanks to wrap at
            style="cyan" if number == 0 else None,
            justify="right" if number in right else "left",
        )
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Line) else Line(str(cell)) for cell in row))
    return grid


def yaml(code: Text, indent: int = 2) -> RenderableType:
    """YAML to copy, coloured on a terminal."""
    from rich.syntax import Syntax

    lines = str(code).rstrip("\n")
    if not is_terminal():
        return text(lines, indent)
    return indented(Syntax(lines, "yaml", background_color="default", theme="ansi_dark"), indent)
