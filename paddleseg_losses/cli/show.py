"""`show`: all that is known about one loss."""

from __future__ import annotations

from ..i18n import _

import re
from dataclasses import dataclass, replace
from typing import Any

import click

from .. import registry
from ..options import REQUIRED, options_of
from ..options.chinese import accepted
from ..registry import FAMILIES, SYMPTOMS, LossSpec
from . import docstrings, screen
from .command import command
from .language import language, say


@command(
    example="paddleseg-losses show TverskyLoss",
    brief="Show a loss: formula, options, paper, YAML.",
)
@click.argument("name")
def show(name: str) -> None:
    """Show the loss called NAME: formula, options, paper, YAML."""
    description = spoken(describe(registry.get(name)))
    if screen.wants_json():
        screen.put_json(_as_dict(description))
    else:
        _print(description)


@dataclass(frozen=True)
class Description:
    """What `show` shows."""

    spec: LossSpec
    summary: str  # English, as are the sections
    sections: dict[str, str]  # of the docstring: Formula, When, Shape, ...
    options: list[tuple[str, Any, str, str]]  # name, default, meaning, what may be given


def describe(spec: LossSpec) -> Description:
    """Collect what is known about a loss."""
    summary, *rest = re.split(r"^    (\w+):$", spec.cls.__doc__ or "", flags=re.MULTILINE)
    sections = {title: _dedented(text) for title, text in zip(rest[::2], rest[1::2])}
    options = [
        (name, o.default, say(o.help, o.zh), say(o.expected, accepted(o.expected)))
        for name, o in options_of(spec.cls).items()
    ]
    return Description(spec, summary.strip(), sections, options)


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix(" " * 8) for line in text.strip("\n").splitlines()).strip()


def spoken(description: Description) -> Description:
    """The docstring in the language to speak."""
    if language() == "en":
        return description
    name = description.spec.name
    found = {title: docstrings.section(name, title, text) for title, text in description.sections.items()}
    halves = docstrings.for_and_against(description.sections.get("When", ""))
    if halves:
        good, bad = (docstrings.section(name, title, text) for title, text in zip(("For", "Against"), halves))
        found["When"] = f"适合：{good}\n不适合：{bad}"
    lines = [line.partition(": ") for line in re.sub(r"\n +", " ", description.sections.get("Shape", "")).splitlines()]
    found["Shape"] = "\n".join(f"{place}：{docstrings.phrase(shape)}" for place, _, shape in lines)
    summary = docstrings.section(name, "Summary", description.summary)
    return replace(description, summary=summary, sections=found)


def _as_dict(description: Description) -> dict[str, Any]:
    spec = description.spec
    return {
        "name": spec.name,
        "family": spec.family,
        "title": say(spec.title, spec.title_zh),
        "purpose": say(spec.purpose, spec.purpose_zh),
        "suits": spec.suits,
        "modes": spec.modes,
        "range": spec.range,
        "paper": {"title": spec.paper, "link": spec.link, "equation": _equation(spec)},
        "options": [
            {"name": name, "required": default is REQUIRED, "meaning": meaning, "values": expected}
            | ({} if default is REQUIRED else {"default": default})
            for name, default, meaning, expected in description.options
        ],
        **{title.lower(): text for title, text in description.sections.items() if title not in ("Args", "Example")},
    }


def _print(description: Description) -> None:
    from rich.text import Text

    spec, sections = description.spec, description.sections
    title = _(": {title} ({family})", title=spec.title, family=spec.family)
    screen.put(Text(f"{spec.name}{title}", style="bold cyan"))
    screen.put(screen.plain(description.summary))
    screen.put(screen.plain(_("problems: ") + ", ".join(spec.modes)))
    if spec.suits:
        helps = _(", ").join(say(*SYMPTOMS[key]) for key in spec.suits)
        screen.put(screen.plain(_("helps against: ") + helps))
    _section(_("Formula"), sections.get("Formula", ""))
    _section(_("When"), sections.get("When", ""))
    screen.put(screen.heading(_("Options")))
    columns = (_("option"), _("default"), _("meaning"), _("values"))
    required = _("required")
    rows = [
        (name, required if default is REQUIRED else repr(default), meaning, expected)
        for name, default, meaning, expected in description.options
    ]
    screen.put(screen.table(columns, rows, fixed=2))
    _section(_("Paper"), f"{spec.paper}\n{spec.link}\n{_equation(spec)}")
    _section(_("Differences"), sections.get("Differences", ""))
    screen.put(screen.heading("YAML"), screen.yaml(sections.get("YAML", "")))


def _equation(spec: LossSpec) -> str:
    return say(spec.equation, docstrings.phrase(spec.equation))


def _section(title: str, text: str) -> None:
    if text:
        screen.put(screen.heading(title), screen.plain(text, indent=2))
