"""What all commands share: help in two languages, `--lang` and `--json` before or after the command's name."""

from __future__ import annotations

from ..i18n import _

from collections.abc import Iterable
from typing import Any, Callable

import click

from . import language, screen
from .language import LANGUAGES, say

_HEADINGS = {"Options": "选项", "Commands": "命令"}
_EXTRAS = {"[required]": "[必填]", "[default: ": "[默认值："}


class Formatter(click.HelpFormatter):
    """Headings in the language to speak; Chinese letters are two columns wide."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line with the command's syntax."""
        super().write_usage(prog, args, prefix or _("Usage: "))

    def write_heading(self, heading: str) -> None:
        """The line above a list."""
        super().write_heading(say(heading, _HEADINGS.get(heading, heading)))

    def write_text(self, text: str) -> None:
        """A paragraph."""
        if language.language() == "en":
            return super().write_text(text)
        verbatim = text.startswith("\b\n")  # click's mark for what must not be wrapped
        for line in text.removeprefix("\b\n").splitlines():
            for part in [line] if verbatim or not line else self._wrapped(line):
                self.write(f"{' ' * self.current_indent}{part}".rstrip() + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """A list of terms and what they mean."""
        if language.language() == "en":
            return super().write_dl(rows, col_max, col_spacing)
        from rich.cells import cell_len

        rows = list(rows)
        left = min(max(cell_len(term) for term, _ in rows), col_max) + col_spacing
        for term, meaning in rows:
            lines = self._wrapped(meaning, left)
            beside = cell_len(term) <= left - col_spacing
            if not beside:
                self.write(f"{' ' * self.current_indent}{term}\n")
            for number, line in enumerate(lines):
                head = term + " " * (left - cell_len(term)) if beside and number == 0 else " " * left
                self.write(f"{' ' * self.current_indent}{head}{line}\n")

    def _wrapped(self, text: str, used: int = 0) -> list[str]:
        from rich.console import Console
        from rich.text import Text

        width = max(self.width - self.current_indent - used, 20)
        return [line.plain for line in Text(text).wrap(Console(width=width), width)]


class Context(click.Context):
    """Writes help with our formatter."""

    formatter_class = Formatter


class Option(click.Option):
    """An option with a help text in two languages."""

    def __init__(self, *args: Any, zh: str = "", **kwargs: Any) -> None:
        self.zh = zh
        super().__init__(*args, **kwargs)

    @property
    def help(self) -> str | None:  # type: ignore[override]
        """The text in the language to speak."""
        return say(self._help, self.zh or self._help) if self._help else None

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Names and text; click's own remarks are English."""
        record = super().get_help_record(ctx)
        if record is None or language.language() == "en":
            return record
        names, text = record
        for english, chinese in _EXTRAS.items():
            text = text.replace(english, chinese)
        return names, text


def option(*names: str, **facts: Any) -> Callable[[Any], Any]:
    """Click's `option`, with `zh` beside `help`."""
    return click.option(*names, cls=Option, **facts)


def _choose(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value:
        language.choose(value)


def _ask_json(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        screen.ask_json()


def _shared() -> list[click.Parameter]:
    """The options that may stand before or after a command's name."""
    return [
        Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            expose_value=False,
            is_eager=True,
            callback=_choose,
            help="Language to speak; that of the locale if left out.",
        ),
        Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_ask_json,
            help="Write JSON, for scripts.",
        ),
    ]


class Bilingual(click.Command):
    """A command with a help text in two languages and an example.

    `reads` tells whether it can write JSON; `brief` is its line in the list of commands, in both languages.
    """

    context_class = Context

    def __init__(
        self,
        *args: Any,
        zh: str = "",
        brief: tuple[str, str] | None = None,
        example: str = "",
        place: tuple[str, str] = ("", ""),
        json: bool = True,
        **kwargs: Any,
    ) -> None:
        self.zh, self.brief, self.example, self.place, self.json = zh, brief, example, place, json
        super().__init__(*args, **kwargs)
        self.params += [shared for shared in _shared() if json or shared.name != "json"]

    @property
    def help(self) -> str | None:  # type: ignore[override]
        """The text in the language to speak."""
        return say(self._help, self.zh or self._help) if self._help else None

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text

    @property
    def epilog(self) -> str | None:  # type: ignore[override]
        """The example; click keeps paragraphs behind a backspace as they are."""
        return f"\b\n{_('Example')}{say(*self.place)}{_(':')}\n  {self.example}"

    @epilog.setter
    def epilog(self, text: str | None) -> None:
        pass  # click's constructor sets what it was not given

    def get_short_help_str(self, limit: int = 45) -> str:
        """The line in the list of commands."""
        return say(*self.brief) if self.brief else super().get_short_help_str(limit)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the language first, so that `--help --lang zh` is Chinese too."""
        for name, value in zip([*args, ""], [*args[1:], ""]):
            given = name.removeprefix("--lang=") if name.startswith("--lang=") else value if name == "--lang" else ""
            if given in LANGUAGES:
                language.choose(given)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, unless it was asked for JSON that it cannot write."""
        if screen.wants_json() and not self.json:
            raise click.UsageError(_("{name} cannot write JSON.", name=self.name), ctx)
        return super().invoke(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own `--help`, in the language to speak."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _("Show this message and exit.")
        return found


def command(name: str | None = None, **facts: Any) -> Callable[[Any], Any]:
    """Click's `command`: the docstring is the English help, `zh` the Chinese one."""
    return click.command(name, cls=Bilingual, **facts)


class Group(Bilingual, click.Group):
    """Commands under one name."""
