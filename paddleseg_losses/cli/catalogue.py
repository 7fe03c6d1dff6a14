"""`list`: the registry at a glance."""

from __future__ import annotations

import difflib
from typing import Any

import click

from .. import registry
from ..errors import UnknownLossError
from ..i18n import _, in_context, languages, listed, speaking
from ..paddleseg.checking.names import BUILT_IN
from ..registry import FAMILIES, PREFIX, SYMPTOMS, LossSpec
from . import screen
from .command import command, option

_WIDE = 120  # columns from which a terminal shows all there is


@command(
    "list",
    example='paddleseg-losses list --for "small objects"',
    brief="List the losses.",
)
@option("--family", type=click.Choice(list(FAMILIES)), help="Only losses of this family.")
@option(
    "--mode",
    type=click.Choice(registry.MODES),
    help="Only losses for this kind of problem.",
)
@option(
    "--for",
    "symptom",
    metavar="SYMPTOM",
    help='Only losses that help against a symptom, such as "small objects"; --for ? lists the symptoms.',
)
def list_losses(family: str | None, mode: str | None, symptom: str | None) -> None:
    """List the losses: family, name, purpose, name in PaddleSeg, and whether PaddleSeg has a loss of that name."""
    if symptom == "?":
        return _symptoms()
    key = _symptom(symptom) if symptom else None
    specs = list(registry.specs(family, mode, key))
    if screen.wants_json():
        screen.print_json([_as_dict(spec) for spec in specs])
    else:
        _print(specs)
    return None


def _symptom(text: str) -> str:
    """The key of a symptom, from its key or its words in any language."""
    words = {key: key for key in SYMPTOMS}
    for language in languages():
        with speaking(language):
            words.update({str(symptom).lower(): key for key, symptom in SYMPTOMS.items()})
    wanted = text.strip().lower()
    key = words.get(wanted) or next((words[word] for word in words if wanted in word), None)
    if key is None:
        near = next(iter(difflib.get_close_matches(wanted, list(words), n=1)), None)
        raise UnknownLossError(
            _("There is no symptom {name!r}.", name=text),
            _("one of {names}", names=listed(SYMPTOMS.values())),
            _("did you mean {near}?", near=near) if near else "`paddleseg-losses list --for ?`",
        )
    return key


def _symptoms() -> None:
    rows = [(key, symptom, len(registry.names(symptom=key))) for key, symptom in SYMPTOMS.items()]
    if screen.wants_json():
        screen.print_json([{"symptom": key, "title": title, "losses": count} for key, title, count in rows])
    else:
        columns = (_("symptom"), _("meaning"), in_context("how many", "losses"))
        screen.print(screen.table(columns, rows, right=[2]))


def _as_dict(spec: LossSpec) -> dict[str, Any]:
    return {
        "family": spec.family,
        "name": spec.name,
        "title": spec.title,
        "purpose": spec.purpose,
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

    terminal, width = screen.is_terminal(), screen.console().width
    wide = width >= _WIDE  # a pipe has endless room
    columns = [_("name"), _("name taken"), _("purpose")]
    if wide:
        columns.insert(1, _("type in PaddleSeg"))
    rows: list[list[Any]] = []
    chapter = None
    for spec in specs:
        if terminal and spec.family != chapter:
            rows.append([Text(str(FAMILIES[spec.family]), style="bold magenta")])
        chapter = spec.family
        taken = _("yes") if spec.name in BUILT_IN else _("no") if not terminal else ""
        row: list[Any] = [spec.name, taken, spec.purpose]
        if wide:
            row.insert(1, _paddleseg_name(spec))
        rows.append(row if terminal else [spec.family, *row])
    if not terminal:
        columns.insert(0, _("family"))
    screen.print(screen.table(columns, rows, fixed=len(columns) - 1))
    if terminal and any(spec.name in BUILT_IN for spec in specs):
        screen.print(
            screen.heading(
                _("name taken: PaddleSeg has a loss of that name; write {prefix}NAME for ours.", prefix=PREFIX)
            )
        )
