"""`check`: explain the loss section of a YAML file."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from ..i18n import Message, _, plural
from . import screen
from .command import argument, command, option
from .program import PROBLEM

if TYPE_CHECKING:
    from ..paddleseg.checking import Mistake, Report


@command(
    brief="Explain mistakes in a YAML file.",
    example="paddleseg-losses check my_config.yml",
)
@argument("file", type=click.Path())
@option(
    "--use_multilabel",
    is_flag=True,
    help="The labels have one channel per class, as with `train`.",
)
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="PaddleSeg loss that `train` will replace with ours; repeatable, or `all`.",
)
def check(file: str, override: tuple[str, ...], use_multilabel: bool) -> None:
    """Explain every mistake in the losses of a PaddleSeg YAML FILE, and print them corrected.

    Exits with 1 if there is a mistake.
    """
    from ..paddleseg.checking import check as check_file

    report = check_file(file, override, use_multilabel)
    if screen.wants_json():
        screen.print_json(_as_dict(report))
    else:
        _print(report)
    if not report.right:
        raise Exit(PROBLEM)


def _as_dict(report: Report) -> dict[str, Any]:
    return {
        "file": str(report.path),
        "right": report.right,
        "mistakes": [dataclasses.asdict(mistake) for mistake in report.mistakes],
        "losses": report.losses,
        "notes": report.notes,
        "corrected": report.corrected,
        "to_fill_in": report.gaps,  # empty: the corrected sections are right
    }


def _print(report: Report) -> None:
    from rich.text import Text

    count = len(report.mistakes)
    verdict, style = (_("the losses are right"), "bold green") if report.right else (mistakes(count), "bold red")
    screen.print(Text.assemble((str(_("{place}: ", place=report.path)), "bold"), (str(verdict), style)))
    for number, mistake in enumerate(report.mistakes, 1):
        _print_mistake(number, mistake)
    if report.right:
        for loss in report.losses:
            screen.print(screen.text(loss, indent=3))
    for note in report.notes:
        screen.print(screen.text(_("note: {note}", note=note), style="dim"))
    if report.mistakes and report.corrected:
        screen.print(screen.heading(report.above_corrected), "", screen.yaml(report.yaml, indent=0))


def mistakes(count: int) -> Message:
    """How many there are."""
    return plural("{count} mistake", "{count} mistakes", count)


def _print_mistake(number: int, mistake: Mistake) -> None:
    from rich.text import Text

    where = str(_("{place}: ", place=mistake.where)) if mistake.where else ""
    screen.print(Text.assemble(f"{number}. ", (where, "bold"), str(mistake.found)))
    screen.print(screen.text(_("expected: {expected}", expected=mistake.expected), indent=3))
    cure = Text.assemble(str(_("what to do: ")), (str(mistake.cure), "green"))
    screen.print(screen.indented(cure, 3))
