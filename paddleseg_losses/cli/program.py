"""The root of the commands: what an error looks like, and what the exit code says."""

from __future__ import annotations

from ..i18n import _

import sys
from typing import Any

import click
from click.exceptions import Exit

from ..errors import LossError
from . import screen
from .command import Group
from .language import language, say
from .phrases import translated

FINE, PROBLEM, USAGE = 0, 1, 2  # the exit codes


class Program(Group):
    """A group whose errors are messages, not tracebacks."""

    def main(self, *args: Any, standalone_mode: bool = True, **kwargs: Any) -> Any:  # type: ignore[override]
        """Click's own, but for the language of its errors."""
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
        """Run a command; what a user can mend ends with its message and exit code 1."""
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
    if isinstance(error, LossError):
        found, expected, cure = map(translated, (error.found, error.expected, error.cure))
        parts = {"found": found, "expected": expected, "what_to_do": cure}
        text = f"{found}\n{_('  expected: ')}{expected}\n{_('  what to do: ')}{cure}"
    else:
        text = translated(str(error))
        parts = {"found": text}
    if screen.wants_json():
        screen.put_json({"error": parts})
    else:
        click.echo(click.style(_("error: "), fg="red", bold=True) + text, err=True)


def _show_usage(error: click.UsageError) -> None:
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        path = error.ctx.command_path
        click.echo(_("Try '{path} --help' for help.\n", path=path), err=True)
    text = error.format_message() if language() == "en" else _chinese(error)
    click.echo(click.style(_("error: "), fg="red", bold=True) + text, err=True)


def _chinese(error: click.UsageError) -> str:
    """Click's usage errors."""
    detail = translated(error.format_message())
    if isinstance(error, click.NoSuchOption):
        near = f"，是不是 {'、'.join(error.possibilities)}？" if error.possibilities else "。"
        return f"没有选项 {error.option_name}{near}"
    if isinstance(error, click.MissingParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint
        return f"缺少参数 {name}。"
    if isinstance(error, click.BadParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint
        return f"{name} 的取值无效：{translated(error.message)}"
    return detail
