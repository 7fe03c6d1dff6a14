"""`show`: everything known about one loss."""

from __future__ import annotations

from typing import Any

from .. import catalogue
from ..i18n import Text, _, in_context, listed
from ..registry import FAMILIES, SYMPTOMS
from . import screen
from .command import argument, command


@command(
    example="paddleseg-losses show TverskyLoss",
    brief="Show a loss: formula, options, paper, YAML.",
)
@argument("name")
def show(name: str) -> None:
    """Show the loss called NAME: formula, options, paper, YAML."""
    loss = catalogue.loss(name)
    if screen.wants_json():
        screen.print_json(loss)
    else:
        _print(loss)


def _print(loss: catalogue.Loss) -> None:
    from rich.text import Text as Line

    title = _("{name}: {title} ({family})", name=loss["name"], title=loss["title"], family=FAMILIES[loss["family"]])
    screen.print(Line(str(title), style="bold cyan"))
    screen.print(screen.text(loss["summary"]))
    screen.print(screen.text(_("problems: {modes}", modes=", ".join(loss["modes"]))))
    if loss["suits"]:
        screen.print(screen.text(_("helps against: {symptoms}", symptoms=listed(map(SYMPTOMS.get, loss["suits"])))))
    _section(_("Formula"), loss["formula"])
    _section(_("When to use it"), loss["when"])
    screen.print(screen.heading(_("Options")))
    columns = (_("option"), _("default"), _("meaning"), in_context("of an option", "values"))
    screen.print(screen.table(columns, [_row(option) for option in loss["options"]], fixed=2))
    paper = loss["paper"]
    _section(_("Paper"), "\n".join(filter(None, (paper["title"], paper["link"], paper["equation"]))))
    _section(_("Differences from the paper"), loss["differences"])
    screen.print(screen.heading("YAML"), screen.yaml(loss["yaml"]))


def _row(option: dict[str, Any]) -> tuple[Any, ...]:
    default = _("required") if option["required"] else repr(option["default"])
    return option["name"], default, option["meaning"], option["values"]


def _section(title: Text, content: Text) -> None:
    if str(content):
        screen.print(screen.heading(title), screen.text(content, indent=2))
