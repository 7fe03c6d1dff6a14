"""Checking the loss sections of a file: `types` and `coef`, their lengths, and what is nested in a MixedLoss."""

from __future__ import annotations

from ...i18n import _

import numbers
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import registry
from ...errors import ConfigError, LossError
from ..config import load
from . import terms as terms_of_sum
from .entries import Entry, EntryChecker
from .facts import facts_of
from .names import Unseen, read_names
from .report import Place, Report
from .terms import is_sum
from .text import inline

_SECTIONS = ("loss", "distill_loss")


def check(path: str | Path, override: str | Iterable[str] = (), use_multilabel: bool = False) -> Report:
    """Explain every mistake in the loss sections of a PaddleSeg YAML file.

    PaddleSeg need not be installed, but then its own losses and datasets cannot be looked into, which the notes say.

    Args:
        path: the file; what it inherits is checked with it.
        override: built-in losses of PaddleSeg that will be replaced, as in `register`.
        use_multilabel: whether the labels will have one channel a class, as with the flag of `train`.
    """
    report = Report(Path(path))
    try:
        config = load(path)
    except ConfigError as error:
        report.error((), error)
        return report
    if "loss" not in config:
        near = registry.suggest("loss", list(config))
        cure = f"did you mean {near}?" if near else "add `loss` with `types` and `coef`"
        report.mistake((), _("There is no loss section."), _("a key `loss`"), cure)
    names = read_names(override)
    checker = _SectionChecker(report, EntryChecker(report, names, facts_of(config, report, use_multilabel)))
    for name in _SECTIONS:
        if name in config:
            report.corrected[name] = checker.section((name,), config[name])
    if report.findings and not report.comments and all(report.corrected[n] == config[n] for n in report.corrected):
        report.corrected.clear()  # the mistakes are elsewhere in the file
    return report


class _SectionChecker:
    def __init__(self, report: Report, entries: EntryChecker) -> None:
        self.report, self.entries = report, entries

    def section(self, place: Place, section: Any) -> Any:
        """A whole section, corrected."""
        example = "types: a list of losses, and coef: a number for each output of the model"
        if not isinstance(section, dict):
            self.report.mistake(
                place, _("it is {section!r}.", section=section), example, _("see `paddleseg-losses show DiceLoss`")
            )
            return section
        if isinstance(section.get("type"), str) and "types" not in section:
            self.report.mistake(place, _("it is one loss without `types`."), example, _("put it into `types`"))
            section = {"types": [section], "coef": [1]}
        return self._weighted(place, section, "types", repeats=True)

    def _weighted(self, place: Place, section: Entry, key: str, repeats: bool) -> Entry:
        """A list of losses under a key, and `coef`; with `repeats` one loss may serve several coefficients."""
        section = self._renamed(place, section, key)
        corrected = {name: value for name, value in section.items() if name not in (key, "coef")}
        losses = self._list(place, key, section)
        corrected[key] = [self._entry((*place, key, i), loss) for i, loss in enumerate(losses)]
        corrected["coef"] = self._coef(place, section, key, len(losses), repeats)
        return corrected

    def _renamed(self, place: Place, section: Entry, key: str) -> Entry:
        for wanted in (key, "coef"):
            others = [name for name in section if name not in (key, "coef", "type")]
            near = registry.suggest(wanted, others) if wanted not in section else None
            if near:
                self.report.mistake(
                    (*place, near),
                    _("the key {near!r} means nothing here.", near=near),
                    wanted,
                    _("write {wanted}", wanted=wanted),
                )
                section = {wanted if name == near else name: value for name, value in section.items()}
        return section

    def _list(self, place: Place, key: str, section: Entry) -> list[Any]:
        losses = section.get(key)
        if isinstance(losses, list) and losses:
            return losses
        found = "missing" if key not in section else f"{losses!r}"
        self.report.mistake(
            (*place, key),
            _("it is {found}.", found=found),
            _("a list of losses"),
            _("write {key}: [{{type: paddleseg_losses.DiceLoss}}]", key=key),
        )
        if isinstance(losses, (dict, str)):
            return [losses]
        self.report.comment(
            place, _("{key}: at least one loss is needed, such as [{{type: paddleseg_losses.DiceLoss}}]", key=key)
        )
        return []

    def _entry(self, place: Place, entry: Any) -> Any:
        if isinstance(entry, str):
            self.report.mistake(
                place,
                _("it is {entry!r}.", entry=entry),
                _("type: {entry}", entry=entry),
                _("write - type: {entry}", entry=entry),
            )
            entry = {"type": entry}
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            near = registry.suggest("type", list(entry)) if isinstance(entry, dict) else None
            cure = f"did you mean type instead of {near}?" if near else "write - type: and a name"
            self.report.mistake(
                place, _("it is {entry!r}.", entry=entry), _("a mapping whose `type` is the name of a loss"), cure
            )
            if not near:
                self.report.comment(place, _("a loss with a type is needed here"))
                return entry
            entry = {"type" if name == near else name: value for name, value in entry.items()}
        if self.entries.lacks_schedule(entry):
            return self._entry(place, self._scheduled(place, entry))
        if entry["type"] == "MixedLoss":
            return self._mixed(place, entry)
        if is_sum(self.entries.names.table.get(entry["type"])):
            return self._summed(place, entry)
        before = len(self.report.findings)
        cls, entry = self.entries.check(place, entry)
        if len(self.report.findings) == before and cls not in (None, Unseen):
            self._build(place, cls, entry)
        return entry

    def _scheduled(self, place: Place, entry: Entry) -> Entry:
        """A loss of PaddleSeg's with a schedule, put into a sum of ours, which can have one."""
        bare = {key: value for key, value in entry.items() if key != "schedule"}
        wrapped = {"type": "WeightedSumLoss", "losses": [bare], "schedule": entry["schedule"]}
        self.report.mistake(
            (*place, "schedule"),
            _("PaddleSeg's own {entry} has no schedule.", entry=entry["type"]),
            _("a WeightedSumLoss of this package around it, which can have one"),
            _("write {inline}", inline=inline(wrapped)),
        )
        return wrapped

    def _mixed(self, place: Place, entry: Entry) -> Entry:
        for name in [name for name in entry if name not in ("type", "losses", "coef")]:
            if not registry.suggest(name, ["losses", "coef"]):
                self.report.mistake(
                    (*place, name), _("MixedLoss has no option {name!r}.", name=name), _("losses, coef"), _("remove it")
                )
                entry = {key: value for key, value in entry.items() if key != name}
        return self._weighted(place, entry, "losses", repeats=False)

    def _summed(self, place: Place, entry: Entry) -> Entry:
        """Our weighted sum: its terms one by one, then the sum of what PaddleSeg makes of them."""
        findings, losses = len(self.report.findings), len(self.report.losses)
        weighed = entry.get("coef") is not None or registry.suggest("coef", list(entry))
        terms = entry["losses"] if isinstance(entry.get("losses"), list) else []
        coef = {} if weighed else {"coef": [1] * max(len(terms), 1)}
        entry = self._weighted(place, {**entry, **coef}, "losses", repeats=False)
        entry = {name: value for name, value in entry.items() if name not in coef}
        if len(self.report.findings) > findings:
            return entry
        names, terms = self.entries.names, entry["losses"]
        made = [terms_of_sum.made(term, names) for term in terms]
        if any(term is None for term in made):
            return entry
        entries = self.entries
        if not terms_of_sum.all_ours(entry, names):  # PaddleSeg's own need not run without the shims of `train`
            entries = replace(entries, facts=replace(entries.facts, classes=None))
        cls, checked = entries.check(place, {**entry, "losses": made})
        del self.report.losses[losses:]  # the sum shows its terms
        if len(self.report.findings) == findings:
            self._build(place, cls, checked)
        return {**checked, "losses": terms}

    def _build(self, place: Place, cls: Any, entry: Entry) -> None:
        """The last word has the constructor."""
        try:
            loss = cls(**{name: value for name, value in entry.items() if name != "type"})
            self.report.losses.append(repr(loss))
        except LossError as error:
            self.report.error(place, error)
        except Exception as error:
            self.report.mistake(
                place,
                _("{loss} cannot be made: {error}", loss=cls.__name__, error=error),
                _("options that it takes"),
                _("see its source"),
            )

    def _coef(self, place: Place, section: Entry, key: str, losses: int, repeats: bool) -> list[Any]:
        coef = section.get("coef")
        place = (*place, "coef")
        if not isinstance(coef, list) or not coef:
            found = "missing" if "coef" not in section else f"{coef!r}"
            self.report.mistake(
                place,
                _("it is {found}.", found=found),
                _("a list of numbers"),
                _("write coef: {value}", value=[1] * (losses or 1)),
            )
            coef = [coef] * losses if isinstance(coef, numbers.Real) else [1] * losses
        coef = [self._number((*place, i), number) for i, number in enumerate(coef)]
        if losses in (0, len(coef)) or (repeats and losses == 1):
            return coef
        rule = "a coefficient for each loss" + (", or one loss that serves all outputs of the model" if repeats else "")
        right = (coef + [1] * losses)[:losses]
        self.report.mistake(
            place,
            _("coef has {count} number(s), {key} has {losses} loss(es).", count=len(coef), key=key, losses=losses),
            rule,
            f"write coef: {right}"
            + ("; losses of the same output belong into one MixedLoss, or use a compound such as ComboLoss" * repeats),
        )
        return right

    def _number(self, place: Place, number: Any) -> Any:
        if isinstance(number, numbers.Real) and not isinstance(number, bool):
            return number
        try:
            value = float(number)  # YAML reads 1e-1 as text; 1.0e-1 is a number
        except (TypeError, ValueError):
            value = 1
        self.report.mistake(
            place,
            _("it is {number!r}, which is no number.", number=number),
            _("a number"),
            _("write {value}", value=value),
        )
        return value
