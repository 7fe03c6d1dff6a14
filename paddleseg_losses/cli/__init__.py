"""The command line. Each command makes plain data first and shows it afterwards."""

from __future__ import annotations

import sys
from typing import Any

import click

from .._version import __version__
from ..errors import LossError
from .catalogue import list_losses, show
from .check import check
from .data import data
from .help import example
from .run import run
from .train import train


class Program(click.Group):
    """A group whose errors are messages, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what a user can mend ends with its message on stderr and exit code 1."""
        try:
            return super().invoke(ctx)
        except (LossError, OSError) as error:
            foreign = ctx.invoked_subcommand == "run" and not isinstance(error, LossError)
            if ctx.params["traceback"] or foreign:  # what a script does is for the script to explain
                raise
            click.echo(click.style("error: ", fg="red", bold=True) + str(error), err=True)
            sys.exit(1)


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=example("paddleseg-losses show DiceLoss"),
)
@click.version_option(__version__, prog_name="paddleseg-losses")
@click.option("--traceback", is_flag=True, envvar="PADDLESEG_LOSSES_TRACEBACK", help="Show where an error comes from.")
def main(traceback: bool) -> None:
    """Losses for semantic segmentation with PaddlePaddle, in PaddleSeg and out of it."""


for command in (list_losses, show, check, train, run, data):
    main.add_command(command)
