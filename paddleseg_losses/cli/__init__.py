"""The command line. Each command collects plain data first and prints it afterwards."""

from __future__ import annotations

import click

from .._version import __version__
from .catalogue import list_losses
from .check import check
from .command import LocalizedOption, option
from .compare import compare
from .data import data
from .doctor import doctor
from .enable import disable, enable
from .evaluate import evaluate
from .export import export
from .plot import plot
from .predict import predict
from .program import RootGroup
from .report import report
from .run import run
from .show import show
from .start import start
from .suggest import suggest
from .train import train
from .weights import weights


@click.group(
    cls=RootGroup,
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


for command in (
    start, list_losses, show, check, weights, doctor, plot, suggest, train, evaluate, predict, export, report, compare,
    run, enable, disable, data,
):  # fmt: skip
    main.add_command(command)
