"""What all commands share: help in the language of the run, `--lang` and `--json` on either side of the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Callable

import click

from .. import i18n
from ..i18n import Text, _, translate
from . import screen
from .language import choose_language

EXAMPLE = _("Example:")


class Formatter(click.HelpFormatter):
    """Wraps by the width of the letters on the screen: Chinese ones are two columns wide and have no blanks between."""

    def write_heading(self, heading: str) -> None:
        """The line above a list."""
        self.write(f"{' ' * self.current_indent}{_('{heading}:', heading=heading)}\n")

    def write_text(self, text: str) -> None:
        """Paragraphs; those behind click's mark, a backspace, are kept as they are."""
        for number, paragraph in enumerate(text.split("\n\n")):
            verbatim = paragraph.startswith("\b\n")
            lines = (
                paragraph.removeprefix("\b\n").splitlines() if verbatim else self._wrapped(" ".join(paragraph.split()))
            )
            self.write("\n" if number else "")
            for line in lines:
                self.write(f"{' ' * self.current_indent}{line}".rstrip() + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """A list of terms and what they mean."""
        from rich.cells import cell_len

        rows = list(rows)
        left = min(max(cell_len(term) for term, _meaning in rows), col_max) + col_spacing
        for term, meaning in rows:
            lines = self._wrapped(meaning, left)
            beside = cell_len(term) <= left - col_spacing
            if not beside:
                self.write(f"{' ' * self.current_indent}{term}\n")
            for number, line in enumerate(lines):
                head = term + " " * (left - cell_len(term)) if beside and number == 0 else " " * left
                self.write(f"{' ' * self.current_indent}{head}{line}".rstrip() + "\n")

    def _wrapped(self, text: str, used: int = 0) -> list[str]:
        from rich.console import Console
        from rich.text import Text as Line

        width = max(self.width - self.current_indent - used, 20)
        return [line.plain.rstrip() for line in Line(text).wrap(Console(width=width), width)]


class Context(click.Context):
    """Writes help with our formatter."""

    formatter_class = Formatter


class LocalizedOption(click.Option):
    """An option whose help is shown in the language of the run."""

    @property
    def help(self) -> str | None:  # type: ignore[override]
        """The text in the language of the run."""
        return translate(self.english) if self.english else None

    @help.setter
    def help(self, text: str | None) -> None:
        self.english = text

    def make_metavar(self, *args: Any, **kwargs: Any) -> str:
        """Click's, in the language of the run."""
        return _localized(super().make_metavar(*args, **kwargs))


# Words of usage lines, beside those of options and of click.
METAVARS = (
    _("OPTIONS"), _("COMMAND"), _("ARGS"), _("ARGUMENTS"), _("NAME"), _("FILE"), _("FOLDER"), _("DIR"), _("SCRIPT"),
    _("LOSSES"), _("PATTERN"), _("SYMPTOM"), _("INTEGER"), _("FLOAT"), _("RANGE"), _("TEXT"), _("PATH"), _("DIRECTORY"),
    _("BOOLEAN"),
)  # fmt: skip


def _localized(metavar: str) -> str:
    """A word in capitals in the language of the run, with the brackets around it."""
    known = {word.template for word in METAVARS}
    return re.sub(r"\b[A-Z]+\b", lambda word: translate(word[0]) if word[0] in known else word[0], metavar)


class LocalizedArgument(click.Argument):
    """An argument whose name in usage lines and errors is in the language of the run."""

    def make_metavar(self, *args: Any, **kwargs: Any) -> str:
        """Click's, in the language of the run; its parameters differ between versions."""
        return _localized(super().make_metavar(*args, **kwargs))


def argument(*names: str, **facts: Any) -> Callable[[Any], Any]:
    """Click's `argument`, with our class."""
    return click.argument(*names, cls=LocalizedArgument, **facts)


def option(*names: str, **facts: Any) -> Callable[[Any], Any]:
    """Click's `option`, with our class."""
    return click.option(*names, cls=LocalizedOption, **facts)


def _choose_language(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value:
        choose_language(value)


def _ask_json(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        screen.ask_json()


def _shared() -> list[click.Parameter]:
    """The options that may stand before or after a command's name."""
    return [
        LocalizedOption(
            ["--lang"],
            type=click.Choice(i18n.languages()),
            expose_value=False,
            is_eager=True,
            callback=_choose_language,
            help="Output language (default: from the locale).",
        ),
        LocalizedOption(
            ["--json"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_ask_json,
            help="Write JSON, for scripts.",
        ),
    ]


class LocalizedCommand(click.Command):
    """A command with help in the language of the run, and an example.

    Args:
        brief: its line in the list of commands.
        example: a line to copy.
        example_title: what stands above it.
        json: whether it can write JSON.
        *args: those of click.
        **kwargs: those of click.
    """

    context_class = Context

    def __init__(
        self,
        *args: Any,
        brief: str = "",
        example: str = "",
        example_title: Text = EXAMPLE,
        json: bool = True,
        **kwargs: Any,
    ) -> None:
        self.brief, self.example, self.example_title, self.json = brief, example, example_title, json
        super().__init__(*args, **kwargs)
        self.params += [shared for shared in _shared() if json or shared.name != "json"]

    @property
    def help(self) -> str | None:  # type: ignore[override]
        """The docstring in the language of the run."""
        return translate(self.english) if self.english else None

    @help.setter
    def help(self, text: str | None) -> None:
        paragraphs = (text or "").split("\n\n")
        self.english = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()

    @property
    def epilog(self) -> str | None:  # type: ignore[override]
        """The example; click keeps paragraphs behind a backspace as they are."""
        return f"\b\n{self.example_title}\n  {self.example}"

    @epilog.setter
    def epilog(self, text: str | None) -> None:
        pass  # click's constructor sets what it was not given

    def get_short_help_str(self, limit: int = 45) -> str:
        """The line in the list of commands."""
        return translate(self.brief) or super().get_short_help_str(limit)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the language first, so that `--help --lang zh` is Chinese too."""
        for name, value in zip([*args, ""], [*args[1:], ""]):
            given = name.removeprefix("--lang=") if name.startswith("--lang=") else value if name == "--lang" else ""
            if given in i18n.languages():
                choose_language(given)
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Those of click, in the language of the run."""
        return [_localized(piece) for piece in super().collect_usage_pieces(ctx)]

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, unless JSON is requested and it cannot write any."""
        if screen.wants_json() and not self.json:
            raise click.UsageError(str(_("{command} cannot write JSON.", command=self.name)), ctx)
        return super().invoke(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own `--help`, which it creates only once, in the language of the run."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = str(_("Show this message and exit."))
        return option


def command(name: str | None = None, **facts: Any) -> Callable[[Any], Any]:
    """Click's `command`: the docstring is the help."""
    return click.command(name, cls=LocalizedCommand, **facts)


class LocalizedGroup(LocalizedCommand, click.Group):
    """Commands under one name."""


Path = tuple[str, ...]


def every_command(command: click.Command, path: Path = ()) -> Iterator[tuple[Path, click.Command]]:
    """A command and all below it, with the words that call them; those that are imported when asked for, too."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from every_command(inner, (*path, name))
