"""`check`: explain the loss section of a YAML file."""

from __future__ import annotations

import sys

import click

from .help import example


@click.command(short_help="Explain mistakes in a YAML file.", epilog=example("paddleseg-losses check my_config.yml"))
@click.option("--use_multilabel", is_flag=True, help="The labels have one channel a class, as with `train`.")
@click.argument("file", type=click.Path())
@click.option(
    "--override", multiple=True, metavar="NAME", help="A loss of PaddleSeg that `train` will replace by ours."
)
def check(file: str, override: tuple[str, ...], use_multilabel: bool) -> None:
    """Explain every mistake in the losses of a PaddleSeg YAML FILE, and print them corrected.

    Exits with 1 if there is a mistake.
    """
    from ..integrations.checking import check as check_file

    report = check_file(file, override, use_multilabel)
    click.echo(str(report))
    sys.exit(0 if report.right else 1)
