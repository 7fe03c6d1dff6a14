"""`check`: explain the loss section of a YAML file."""

from __future__ import annotations

from ..i18n import _

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from . import screen
from .command import command, option
from .language import say
from .phrases import commented, translated
from .program import PROBLEM

if TYPE_CHECKING:
    from ..paddleseg.checking import Finding, Report


@command(
    brief="Explain mistakes in a YAML file.",
    example="paddleseg-losses check my_config.yml",
)
@click.argument("file", type=click.Path())
@option(
    "--use_multilabel",
    is_flag=True,
    help="The labels have one channel a class, as with `train`.",
)
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="A loss of PaddleSeg that `train` will replace by ours.",
)
def check(file: str, override: tuple[str, ...], use_multilabel: bool) -> None:
    """Explain every mistake in the losses of a PaddleSeg YAML FILE, and print them corrected.

    Exits with 1 if there is a mistake.
    """
    from ..paddleseg.checking import check as check_file

    report = check_file(file, override, use_multilabel)
    if screen.wants_json():
        screen.put_json(_as_dict(report))
    else:
        _print(report)
    if not report.right:
        raise Exit(PROBLEM)


def _as_dict(report: Report) -> dict[str, Any]:
    return {
        "file": str(report.path),
        "right": report.right,
        "mistakes": [_translated(finding) for finding in report.findings],
        "losses": report.losses,
        "notes": [translated(note) for note in report.notes],
        "corrected": report.corrected,
    }


def _translated(finding: Finding) -> dict[str, str]:
    words = dataclasses.asdict(finding)
    return {name: text if name == "where" else translated(text) for name, text in words.items()}


def _print(report: Report) -> None:
    from rich.text import Text

    count = len(report.findings)
    right = _("the losses are right")
    wrong = _("{count} mistake(s)", count=count)
    verdict = Text(right, style="bold green") if report.right else Text(wrong, style="bold red")
    screen.put(Text.assemble((str(report.path), "bold"), ": ", verdict))
    for number, finding in enumerate(report.findings, 1):
        _finding(number, finding)
    if report.right:
        for loss in report.losses:
            screen.put(screen.plain(loss, indent=3))
    for note in report.notes:
        screen.put(screen.plain(_("note: ") + translated(note), style="dim"))
    if report.findings and report.corrected:
        screen.put(Text(_("\nCorrected:\n"), style="bold"), screen.yaml(commented(report.yaml), indent=0))


def _finding(number: int, finding: Finding) -> None:
    from rich.text import Text

    head = Text.assemble(
        f"{number}. ", (f"{finding.where}: " if finding.where else "", "bold"), translated(finding.found)
    )
    cure = Text.assemble(_("what to do: "), (translated(finding.cure), "green"))
    screen.put(head, screen.plain(_("expected: ") + translated(finding.expected), indent=3), screen.under(cure, 3))
