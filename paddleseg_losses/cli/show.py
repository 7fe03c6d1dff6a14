"""`show`: everything known about one loss."""

from __future__ import annotations

from typing import Any

import click

from .. import registry
from ..describe import Description, describe
from ..i18n import Text, _, in_context, listed
from ..options import REQUIRED
from ..registry import FAMILIES, SYMPTOMS
from . import screen
from .command import command


@command(
    example="paddleseg-losses show TverskyLoss",
    brief="Show a loss: formula, options, paper, YAML.",
)
@click.argument("name")
def show(name: str) -> None:
    """Show the loss called NAME: formula, options, paper, YAML."""
    description = describe(registry.get(name))
    if screen.wants_json():
        screen.print_json(_as_dict(description))
    else:
        _print(description)


def _as_dict(description: Description) -> dict[str, Any]:
    spec, sections = description.spec, description.sections
    return {
        "name": spec.name,
        "family": spec.family,
        "title": str(spec.title),
        "purpose": str(spec.purpose),
        "suits": spec.suits,
        "modes": spec.modes,
        "range": spec.range,
        "paper": {"title": spec.paper, "link": spec.link, "equation": description.equation},
        "options": [
            {"name": option.name, "required": option.default is REQUIRED, "meaning": option.meaning}
            | {"values": option.values}
            | ({} if option.default is REQUIRED else {"default": option.default})
            for option in description.options
        ],
        "summary": sections["Summary"],
        "formula": sections["Formula"],
        "when": str(_when(description)),
        "shape": "\n".join(f"{name}: {shape}" for name, shape in description.shapes.items()),
        **{title.lower(): sections[title] for title in ("Reference", "Differences", "YAML")},
    }


def _print(description: Description) -> None:
    from rich.text import Text as Line

    spec, sections = description.spec, description.sections
    title = _("{name}: {title} ({family})", name=spec.name, title=spec.title, family=FAMILIES[spec.family])
    screen.print(Line(str(title), style="bold cyan"))
    screen.print(screen.text(sections["Summary"]))
    screen.print(screen.text(_("problems: {modes}", modes=", ".join(spec.modes))))
    if spec.suits:
        screen.print(screen.text(_("helps against: {symptoms}", symptoms=listed(SYMPTOMS[key] for key in spec.suits))))
    _section(_("Formula"), sections["Formula"])
    _section(_("When to use it"), _when(description))
    screen.print(screen.heading(_("Options")))
    columns = (_("option"), _("default"), _("meaning"), in_context("of an option", "values"))
    required = _("required")
    rows = [
        (option.name, required if option.default is REQUIRED else repr(option.default), option.meaning, option.values)
        for option in description.options
    ]
    screen.print(screen.table(columns, rows, fixed=2))
    _section(_("Paper"), "\n".join(filter(None, (spec.paper, spec.link, description.equation))))
    _section(_("Differences from the paper"), sections["Differences"])
    screen.print(screen.heading("YAML"), screen.yaml(sections["YAML"]))


def _when(description: Description) -> Text:
    sections = description.sections
    return _("For: {good}\nAgainst: {bad}", good=sections["For"], bad=sections["Against"])


def _section(title: Text, content: Text) -> None:
    if str(content):
        screen.print(screen.heading(title), screen.text(content, indent=2))
