"""The root of the commands: what an error looks like, and what the exit code says."""

from __future__ import annotations

import sys
from typing import Any

import click
from click.exceptions import Exit

from .. import i18n
from ..errors import LossError
from ..i18n import _
from ..i18n.foreign import recognized
from . import screen
from .command import LocalizedGroup
from .language import spoken

FINE, PROBLEM, USAGE = 0, 1, 2  # the exit codes


class RootGroup(LocalizedGroup):
    """A group whose errors are messages, not tracebacks."""

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
        except (LossError, OSError) as error:
            foreign = ctx.invoked_subcommand == "run" and not isinstance(error, LossError)
            if ctx.params["traceback"] or foreign:  # what a script does is for the script to explain
                raise
            _show(error)
            raise Exit(PROBLEM) from None


def _show(error: Exception) -> None:
    """JSON on the standard output where that was asked for, else text on stderr."""
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
    _echo(error.format_message())


def _echo(text: object) -> None:
    click.echo(click.style(str(_("error: ")), fg="red", bold=True) + str(text), err=True)
