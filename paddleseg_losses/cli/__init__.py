"""The command line. Each command collects plain data first and prints it afterwards."""

from __future__ import annotations

import click

from .._version import __version__
from .command import LocalizedOption, option
from .program import RootGroup

# The commands, in the order of the help, and where each is: imported when it is asked for.
_COMMANDS = {
    "start": "start:start",
    "list": "catalogue:list_losses",
    "show": "show:show",
    "check": "check:check",
    "weights": "weights:weights",
    "doctor": "doctor:doctor",
    "plot": "plot:plot",
    "suggest": "suggest:suggest",
    "train": "train:train",
    "evaluate": "evaluate:evaluate",
    "predict": "predict:predict",
    "export": "export:export",
    "report": "report:report",
    "compare": "compare:compare",
    "run": "run:run",
    "enable": "enable:enable",
    "disable": "enable:disable",
    "data": "data:data",
}


@click.group(
    cls=RootGroup,
    homes={name: f"{__name__}.{place}" for name, place in _COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    example="paddleseg-losses show DiceLoss",
)
@click.version_option(__version__, prog_name="paddleseg-losses", cls=LocalizedOption, help="Show the version and exit.")
@option(
    "--traceback",
    is_flag=True,
    envvar="PADDLESEG_LOSSES_TRACEBACK",
    help="Show where an error comes from.",
)
def main(traceback: bool) -> None:
    """Segmentation losses for PaddlePaddle, with or without PaddleSeg.

    Exit codes: 0 success; 1 a problem with your file, data or training; 2 usage error.
    """
