"""What a command writes: tables and colours for a terminal, plain lines for a pipe, JSON for a script."""

from __future__ import annotations

from ..i18n import _

import json
import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from .language import say

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


def put_json(data: Any) -> None:
    """One JSON document; what JSON cannot hold, such as infinity, becomes null."""
    click.echo(json.dumps(_plain(data), ensure_ascii=False, indent=1, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
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


def put(*renderables: RenderableType) -> None:
    """Write texts and tables; a pipe gets no colours and no blanks at the ends of lines."""
    screen = console()
    if screen.is_terminal:
        screen.print(*renderables, sep="\n", soft_wrap=False)
        return
    with screen.capture() as captured:
        screen.print(*renderables, sep="\n")
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def warn(text: str) -> None:
    """A warning on stderr, where it disturbs no script."""
    click.echo(click.style(_("warning: "), fg="yellow", bold=True) + text, err=True)


def heading(text: str) -> RenderableType:
    """A line above a part of the output."""
    from rich.text import Text

    return Text(f"\n{text}", style="bold")


def plain(text: str, indent: int = 0, style: str = "") -> RenderableType:
    """Text as it is: brackets are not markup, long lines are wrapped under their own beginning."""
    from rich.text import Text

    return under(Text(text, style=style), indent)


def under(renderable: RenderableType, indent: int) -> RenderableType:
    """Anything, moved to the right."""
    from rich.padding import Padding

    return Padding(renderable, (0, 0, 0, indent), expand=False)


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], fixed: int = 1, right: Iterable[int] = ()) -> Any:
    """A table without lines. The first `fixed` columns are never wrapped; those in `right` hold numbers."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for number, column in enumerate(columns):
        made.add_column(
            column,
            no_wrap=number < fixed,
            overflow="ellipsis" if number < fixed else "fold",  # Chinese has no blanks to wrap at
            style="cyan" if number == 0 else None,
            justify="right" if number in right else "left",
        )
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return made


def yaml(text: str, indent: int = 2) -> RenderableType:
    """YAML to copy, coloured on a terminal."""
    from rich.syntax import Syntax

    text = text.rstrip("\n")
    return (
        under(Syntax(text, "yaml", background_color="default", theme="ansi_dark"), indent)
        if is_terminal()
        else plain(text, indent)
    )
