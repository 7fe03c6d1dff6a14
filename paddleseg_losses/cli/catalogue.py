"""`list`: the losses at a glance, or those for a symptom."""

from __future__ import annotations

from typing import Any

import click

from .. import catalogue
from ..i18n import _, in_context
from ..registry import FAMILIES, MODES, PREFIX
from . import screen
from .command import command, option

_WIDE = 120  # columns from which a terminal shows every column
_LISTED = ("family", "name", "title", "purpose", "paddleseg_name", "paddleseg_has_the_name", "modes", "suits", "reason")


@command(
    "list",
    example='paddleseg-losses list --for "small objects"',
    brief="List the losses.",
)
@option("--family", type=click.Choice(list(FAMILIES)), help="Only losses of this family.")
@option(
    "--mode",
    type=click.Choice(MODES),
    help="Only losses for this kind of problem.",
)
@option(
    "--for",
    "symptom",
    metavar="SYMPTOM",
    help='Only losses that help against a symptom, such as "small objects", or with what you segment, such as '
    '"crack"; the best first. --for ? lists the symptoms.',
)
def list_losses(family: str | None, mode: str | None, symptom: str | None) -> None:
    """List the losses: family, name, purpose, name in PaddleSeg, and whether PaddleSeg has a loss of that name.

    With --for, the order is that of the page "Choose by symptom", and each loss has its reason.
    """
    if symptom == "?":
        return _symptoms()
    key = catalogue.symptom(symptom) if symptom else None
    losses = catalogue.losses(family, mode, key)
    if screen.wants_json():
        screen.print_json([{name: loss[name] for name in _LISTED if name in loss} for loss in losses])
    elif key:
        _print_for(key, losses)
    else:
        _print(losses)
    return None


def _symptoms() -> None:
    rows = [(key, facts["title"], len(facts["losses"])) for key, facts in catalogue.symptoms().items()]
    if screen.wants_json():
        screen.print_json([{"symptom": key, "title": title, "losses": count} for key, title, count in rows])
    else:
        columns = (_("symptom"), _("meaning"), in_context("how many", "losses"))
        screen.print(screen.table(columns, rows, right=[2]))


def _print_for(key: str, losses: list[catalogue.Loss]) -> None:
    """In the order of recommendation, whatever the family."""
    if screen.is_terminal():
        screen.print(screen.heading(catalogue.symptoms()[key]["title"]))
    columns = (_("name"), _("type in PaddleSeg"), _("reason"))
    rows = [(loss["name"], loss["paddleseg_name"], loss["reason"]) for loss in losses]
    screen.print(screen.table(columns, rows, fixed=2))


def _print(losses: list[catalogue.Loss]) -> None:
    from rich.text import Text

    terminal, width = screen.is_terminal(), screen.console().width
    wide = width >= _WIDE  # a pipe has endless room
    columns = [_("name"), _("name taken"), _("purpose")]
    if wide:
        columns.insert(1, _("type in PaddleSeg"))
    rows: list[list[Any]] = []
    chapter = None
    for loss in losses:
        if terminal and loss["family"] != chapter:
            rows.append([Text(str(FAMILIES[loss["family"]]), style="bold magenta")])
        chapter = loss["family"]
        taken = _("yes") if loss["paddleseg_has_the_name"] else _("no") if not terminal else ""
        row: list[Any] = [loss["name"], taken, loss["purpose"]]
        if wide:
            row.insert(1, loss["paddleseg_name"])
        rows.append(row if terminal else [chapter, *row])
    if not terminal:
        columns.insert(0, _("family"))
    screen.print(screen.table(columns, rows, fixed=len(columns) - 1))
    if terminal and any(loss["paddleseg_has_the_name"] for loss in losses):
        screen.print(
            screen.heading(
                _("name taken: PaddleSeg has a loss of that name; write {prefix}NAME for ours.", prefix=PREFIX)
            )
        )
