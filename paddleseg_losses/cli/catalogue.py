"""`list`: the registry at a glance."""

from __future__ import annotations

from ..i18n import _

from typing import Any

import click

from .. import registry
from ..errors import UnknownLossError
from ..paddleseg.checking.names import BUILT_IN
from ..registry import FAMILIES, PREFIX, SYMPTOMS, LossSpec
from . import screen
from .command import command, option
from .language import say

_ROOM = 120  # columns from which a terminal shows all there is


@command(
    "list",
    example='paddleseg-losses list --for "small objects"',
    brief="List the losses.",
)
@option("--family", type=click.Choice(list(FAMILIES)), help="Only the losses of one family.")
@option(
    "--mode",
    type=click.Choice(registry.MODES),
    help="Only the losses for one kind of problem.",
)
@option(
    "--for",
    "symptom",
    metavar="SYMPTOM",
    help='Only what helps against a symptom, such as "small objects"; --for ? lists them.',
)
def list_losses(family: str | None, mode: str | None, symptom: str | None) -> None:
    """List the losses: family, name, what each is good for, its name in PaddleSeg, whether PaddleSeg has that name."""
    if symptom == "?":
        return _symptoms()
    key = _symptom(symptom) if symptom else None
    specs = list(registry.specs(family, mode, key))
    if screen.wants_json():
        screen.put_json([_as_dict(spec) for spec in specs])
    else:
        _print(specs)
    return None


def _symptom(text: str) -> str:
    """The key of a symptom, from its key or its words in either language."""
    words = {word.lower(): key for key, both in SYMPTOMS.items() for word in (key, *both)}
    found = words.get(text.strip().lower())
    near = found or next((words[word] for word in words if text.strip().lower() in word), None)
    if near is None:
        close = registry.suggest(text, list(words))
        raise UnknownLossError(
            _("No symptom is called {text!r}.", text=text),
            _("one of ") + _(", ").join(say(*both) for both in SYMPTOMS.values()),
            _("did you mean {close}?", close=close) if close else "`paddleseg-losses list --for ?`",
        )
    return near


def _symptoms() -> None:
    rows = [(key, say(*both), len(registry.names(symptom=key))) for key, both in SYMPTOMS.items()]
    if screen.wants_json():
        screen.put_json([{"symptom": key, "title": title, "losses": count} for key, title, count in rows])
    else:
        columns = (_("symptom"), _("meaning"), _("losses"))
        screen.put(screen.table(columns, rows, right=[2]))


def _as_dict(spec: LossSpec) -> dict[str, Any]:
    return {
        "family": spec.family,
        "name": spec.name,
        "title": say(spec.title, spec.title_zh),
        "purpose": say(spec.purpose, spec.purpose_zh),
        "paddleseg_name": _paddleseg_name(spec),
        "paddleseg_has_the_name": spec.name in BUILT_IN,
        "modes": spec.modes,
        "suits": spec.suits,
    }


def _paddleseg_name(spec: LossSpec) -> str:
    """The shortest `type:` that means ours."""
    return PREFIX + spec.name if spec.name in BUILT_IN else spec.name


def _print(specs: list[LossSpec]) -> None:
    from rich.text import Text

    person, width = screen.is_terminal(), screen.console().width
    whole = width >= _ROOM  # a pipe has endless room
    columns = [_("name"), _("taken"), _("what it is for")]
    if whole:
        columns.insert(1, _("type in PaddleSeg"))
    rows: list[list[Any]] = []
    chapter = None
    for spec in specs:
        if person and spec.family != chapter:
            rows.append([Text(say(spec.family, FAMILIES[spec.family]), style="bold magenta")])
        chapter = spec.family
        taken = _("yes") if spec.name in BUILT_IN else _("no") if not person else ""
        row: list[Any] = [spec.name, taken, say(spec.purpose, spec.purpose_zh)]
        if whole:
            row.insert(1, _paddleseg_name(spec))
        rows.append(row if person else [spec.family, *row])
    if not person:
        columns.insert(0, _("family"))
    screen.put(screen.table(columns, rows, fixed=len(columns) - 1))
    if person and any(spec.name in BUILT_IN for spec in specs):
        screen.put(
            screen.heading(_("taken: PaddleSeg has a loss of that name; write {prefix}NAME for ours.", prefix=PREFIX))
        )
