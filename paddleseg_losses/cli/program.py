"""The root of the commands: what an error looks like, and what the exit code says."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any

import click
from click.exceptions import Exit

from .. import i18n
from ..errors import DataError, LossError
from ..i18n import _
from ..i18n.foreign import recognized
from . import screen
from .command import LocalizedGroup
from .language import TYPES, spoken

FINE, PROBLEM, USAGE = 0, 1, 2  # the exit codes


class RootGroup(LocalizedGroup):
    """A group whose errors are messages, not tracebacks, and whose commands are imported when they are asked for.

    Args:
        *args: those of click.
        homes: module and name of each command, by the command.
        **kwargs: those of click.
    """

    def __init__(self, *args: Any, homes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All, in the order of the help."""
        return list(self.homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, or None."""
        if cmd_name in self.homes and cmd_name not in self.commands:
            module, _colon, name = self.homes[cmd_name].partition(":")
            self.commands[cmd_name] = getattr(import_module(module), name)
        return self.commands.get(cmd_name)

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:  # type: ignore[override]
        """Click's own, in the language of the locale, but for how errors of usage look."""
        with spoken(i18n.of_locale()):
            if not standalone_mode:
                return super().main(*args, standalone_mode=False, **kwargs)  # type: ignore[call-overload]
            try:
                code = super().main(*args, standalone_mode=False, **kwargs)  # type: ignore[call-overload]
            except click.UsageError as error:
                with error.ctx or self.context_class(self):
                    _show_usage(error)
                code = USAGE
            except (click.Abort, KeyboardInterrupt):
                click.echo(_("Stopped."), err=True)
                code = PROBLEM
        sys.exit(code if isinstance(code, int) else FINE)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that a user can fix ends with its message and exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the reader has seen enough: click ends quietly
        except (LossError, OSError, EOFError) as error:  # the last of which click takes for the end of the input
            foreign = ctx.invoked_subcommand == "run" and not isinstance(error, LossError)
            if ctx.params["traceback"] or foreign:  # what a script does is for the script to explain
                raise
            _show(_ended(error) if isinstance(error, EOFError) else error)
            raise Exit(PROBLEM) from None


def _ended(error: EOFError) -> DataError:
    return DataError(
        _("A file is empty or cut off ({error}).", error=str(error) or "EOFError"),
        _("files that are whole"),
        _("--traceback before the command shows which file it is"),
    )


def _show(error: Exception) -> None:
    """JSON on stdout if requested, else text on stderr."""
    if not screen.wants_json():
        _echo(error if isinstance(error, LossError) else recognized(str(error)))
    elif isinstance(error, LossError):
        screen.print_json({"error": {"found": error.found, "expected": error.expected, "what_to_do": error.cure}})
    else:
        screen.print_json({"error": {"found": recognized(str(error))}})


def _show_usage(error: click.UsageError) -> None:
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(_("Try '{command} --help' for help.\n", command=error.ctx.command_path), err=True)
    _echo(_sentence(error.format_message()))


def _sentence(text: str) -> str:
    """The text of click with what it does not look up: names of types, the stop behind the name of an argument."""
    for kind in TYPES:
        text = re.sub(rf"(?<![\w']){kind.template}(?![\w'])", str(kind), text)
    return str(_("{sentence}.", sentence=text[:-1])) if re.search(r"'\.$", text) else text


def _echo(text: object) -> None:
    click.echo(click.style(str(_("error: ")), fg="red", bold=True) + str(text), err=True)
