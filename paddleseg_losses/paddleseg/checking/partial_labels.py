"""Labels of several classes: what the transforms of the data make of pixels, and what the losses take them for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from ...i18n import _
from ...transforms import PartialLabels
from ..config import Config
from .facts import Facts
from .report import Report

Sets = dict[int, list[int]]


def check_label_sets(report: Report, config: Config, facts: Facts, transforms: Iterable[Any]) -> None:
    """A label that `PartialLabels` makes has to stand, in every loss of ours, for the classes that are left open."""
    made = _made(transforms, facts)
    if not made:
        return
    known = list(known_label_sets(config.get("loss")))
    written = f"label_sets: {{{', '.join(f'{label}: {classes}' for label, classes in sorted(made.items()))}}}"
    for label, classes in made.items():
        stands_for = [sets.get(label) for sets in known]
        wrong = [
            classes_of_set
            for classes_of_set in stands_for
            if classes_of_set is None or sorted(classes_of_set) != classes
        ]
        if wrong:
            unknown = _("the data has label {label}, which not every loss knows.", label=label)
            others = _("label {label} stands for {found}.", label=label, found=wrong[0])
            report.mistake(
                ("loss",),
                unknown if wrong[0] is None else others,
                _("{yaml} in each loss, as PartialLabels makes these labels", yaml=written),
                _("write {yaml}", yaml=written),
            )  # fmt: skip


def _made(transforms: Iterable[Any], facts: Facts) -> Sets:
    """The labels that transforms make, and the classes that are left open there."""
    return {
        each.label: [c for c in range(facts.classes) if c not in each.classes.values()]
        for each in transforms
        if isinstance(each, PartialLabels) and facts.classes
    }


def known_label_sets(section: Any) -> Iterator[Sets]:
    """The `label_sets` of each loss of a section, empty where it has none; what is inside a loss reads those of it."""
    for entry in section.get("types") or () if isinstance(section, dict) else ():
        losses = entry.get("losses") if isinstance(entry, dict) and entry.get("type") == "MixedLoss" else None
        for loss in losses if isinstance(losses, list) else [entry]:
            sets = loss.get("label_sets") if isinstance(loss, dict) else None
            known: Sets = {}
            with suppress(TypeError, ValueError):  # a mistake of the loss, which is noted there
                known = {int(label): list(classes) for label, classes in dict(sets or {}).items()}
            yield known
