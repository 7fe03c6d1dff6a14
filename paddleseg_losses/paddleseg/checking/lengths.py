"""As many coefficients as the model has outputs, and one loss for all of them or one for each."""

from __future__ import annotations

from typing import Any

from ...i18n import Text, _, plural
from .outputs import ModelOutputs
from .report import Place, Report
from .text import inline

Section = dict[str, Any]
KEY = "types"


def fit_outputs(report: Report, place: Place, section: Section, model: ModelOutputs, own: bool) -> Section:
    """Note what does not fit the outputs of the model; gives the section with which it trains.

    Args:
        report: where to note it.
        place: of the section.
        section: with `types` and `coef`, whose entries have been checked.
        model: what is known about the model.
        own: whether all losses are PaddleSeg's own, whose MixedLoss then adds them up.
    """
    entries, coef = section[KEY], section["coef"]
    if not entries:
        return section
    if len(coef) == model.count and len(entries) in (1, model.count):
        return _read_by_theirs(report, place, section, model)
    if len(entries) == model.count:
        right = {**section, "coef": _as_many(coef, model.count)}
    elif all(entry == entries[0] for entry in entries):
        right = {**section, KEY: entries[:1], "coef": _as_many(coef, model.count)}
    else:
        weights = coef if len(coef) == len(entries) else [1] * len(entries)
        right = {**section, KEY: [_added(entries, weights, own)], "coef": [1] * model.count}
        _move_comments(report, place)
    right = _with_theirs(right, model)
    report.mistake(
        (*place, "coef"),
        _found(model, len(entries), len(coef)),
        plural("a coefficient for the one output", "a coefficient for each of the {count} outputs", model.count),
        _cure(section, right),
    )
    return right


def fit_losses(report: Report, place: Place, section: Section, key: str, repeats: bool) -> Section:
    """The same where the outputs are not known, or none of them counts: a coefficient for each loss.

    Args:
        report: where to note it.
        place: of the section.
        section: with the losses and `coef`.
        key: of the losses.
        repeats: whether one loss may serve several coefficients.
    """
    coef, losses = section["coef"], len(section[key])
    if losses in (0, len(coef)) or (repeats and losses == 1):
        return section
    right = (coef + [1] * losses)[:losses]
    rule, cure = _("a coefficient for each loss"), _("write {yaml}", yaml=f"coef: {right}")
    if repeats:
        rule = _("a coefficient for each loss, or one loss that is used for all outputs of the model")
        cure = _(
            "write {yaml}; losses of the same output belong in one MixedLoss, or use a compound such as ComboLoss",
            yaml=f"coef: {right}",
        )
    report.mistake(
        (*place, "coef"),
        _("coef has length {coef}, but {key} has length {losses}.", coef=len(coef), key=key, losses=losses),
        rule,
        cure,
    )
    return {**section, "coef": right}


def _found(model: ModelOutputs, losses: int, coefs: int) -> Text:
    """What the model has, and what the file has."""
    facts = {"model": model.name, "losses": losses, "coef": coefs}
    return plural(
        "{model} has {count} output while it trains, but types has length {losses} and coef {coef}.",
        "{model} has {count} outputs while it trains, but types has length {losses} and coef {coef}.",
        model.count,
        **facts,
    )


def _cure(before: Section, after: Section) -> Text:
    coef = f"coef: {inline(after['coef'])}"
    if after[KEY] == before[KEY]:
        return _("write {yaml}", yaml=coef)
    return _("write {yaml}", yaml=f"types: {inline(after[KEY])} {coef}")


def _as_many(coef: list[Any], count: int) -> list[Any]:
    """Coefficients for all outputs: the last one goes on."""
    return (coef + coef[-1:] * count)[:count]


def _added(entries: list[Any], weights: list[Any], own: bool) -> Section:
    """One entry for the losses of one output."""
    return {"type": "MixedLoss" if own else "WeightedSumLoss", "losses": entries, "coef": weights}


def _move_comments(report: Report, place: Place) -> None:
    """Those below entries go with them into the sum."""
    depth = len(place) + 1
    moved = {}
    for where, lines in report.comments.items():
        inside = where[:depth] == (*place, KEY) and len(where) > depth
        moved[(*where[:depth], 0, "losses", *where[depth:]) if inside else where] = lines
    report.comments.clear()
    report.comments.update(moved)


def _with_theirs(section: Section, model: ModelOutputs) -> Section:
    """With PaddleSeg's losses for the outputs that are no maps of the classes."""
    special = {i: dict(entry) for i, entry in model.special.items() if i < model.count}
    if not special:
        return section
    entries = section[KEY] if len(section[KEY]) > 1 else section[KEY] * model.count
    return {**section, KEY: [_theirs(entry, special.get(i)) for i, entry in enumerate(entries)]}


def _theirs(entry: Any, right: Section | None) -> Any:
    return right if right and not (isinstance(entry, dict) and entry.get("type") == right["type"]) else entry


def _read_by_theirs(report: Report, place: Place, section: Section, model: ModelOutputs) -> Section:
    """Note losses that cannot read the output they are for."""
    right = _with_theirs(section, model)
    entries = section[KEY] if len(section[KEY]) > 1 else section[KEY] * model.count
    for i, (entry, other) in enumerate(zip(entries, right[KEY])):
        if entry == other:
            continue
        report.mistake(
            (*place, KEY, i),
            _("output {number} of {model} is not a map of the classes.", number=i + 1, model=model.name),
            _("{loss}, which reads it", loss=other["type"]),
            _("write {yaml}", yaml=f"- {inline(other)}"),
        )
    return right if any(entry != other for entry, other in zip(entries, right[KEY])) else section
