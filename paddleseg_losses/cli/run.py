"""`run`: a script of a PaddleSeg clone, with our losses registered."""

from __future__ import annotations

import click

from ..i18n import _
from .command import argument, command, option


@command(
    brief="Run a script of a PaddleSeg clone.",
    example="paddleseg-losses run tools/train.py --config my_config.yml --do_eval",
    example_title=_("Example, in a clone of PaddleSeg:"),
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    json=False,
)
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="PaddleSeg loss to replace with ours; repeatable, or `all`.",
)
@argument("script", type=click.Path())
@argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(override: tuple[str, ...], script: str, arguments: tuple[str, ...]) -> None:
    """Register the losses, then run a Python SCRIPT with its ARGUMENTS, such as PaddleSeg's own tools."""
    from ..paddleseg.runner import run as run_script

    run_script(script, arguments, override)
