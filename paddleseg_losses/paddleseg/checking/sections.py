"""Checking the loss sections of a file: `types` and `coef`, their lengths, and what is nested in a MixedLoss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import registry
from ...errors import ConfigError, LossError
from ...i18n import _
from ...registry import PREFIX
from ..config import load
from ..toolkits import MEDICALSEG, toolkit_of
from . import inner
from .coefficients import coefficients, described
from .entries import Entry, EntryChecker
from .facts import facts_of
from .inner import is_sum, is_wrapper
from .lengths import fit_losses, fit_outputs
from .names import Unseen, read_names
from .partial_labels import check_label_sets
from .report import Place, Report
from .reporting import check_reporting
from .text import inline
from .transforms import check_transforms

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
        cure = _("did you mean {near}?", near=near) if near else _("add `loss` with `types` and `coef`")
        report.mistake((), _("There is no loss section."), _("a key `loss`"), cure)
    toolkit = toolkit_of(config)
    names = read_names(override, toolkit)
    facts = facts_of(config, report, use_multilabel)
    checker = _SectionChecker(report, EntryChecker(report, names, facts))
    for name in _SECTIONS:
        if name in config:
            report.corrected[name] = checker.section((name,), config[name])
            if toolkit is MEDICALSEG:
                report.corrected[name] = check_reporting(report, (name,), report.corrected[name], names)
    check_label_sets(report, config, facts, check_transforms(report, config))
    if report.mistakes and not report.comments and all(report.corrected[n] == config[n] for n in report.corrected):
        report.corrected.clear()  # the mistakes are elsewhere in the file
    return report


class _SectionChecker:
    def __init__(self, report: Report, entries: EntryChecker) -> None:
        self.report, self.entries = report, entries

    def section(self, place: Place, section: Any) -> Any:
        """A whole section, corrected."""
        example = _("types: a list of losses, and coef: a number for each output of the model")
        if not isinstance(section, dict):
            self.report.mistake(
                place, _("it is {value!r}.", value=section), example, _("see `paddleseg-losses show DiceLoss`")
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
        corrected["coef"] = coefficients(self.report, place, section, len(losses))
        model = self.entries.facts.outputs if place == (_SECTIONS[0],) else None
        if repeats and model:
            return fit_outputs(self.report, place, corrected, model, all(map(self._not_ours, corrected[key])))
        return fit_losses(self.report, place, corrected, key, repeats)

    def _not_ours(self, entry: Any) -> bool:
        """Whether an entry is a loss of PaddleSeg's, and not a mixture."""
        name = entry.get("type") if isinstance(entry, dict) else None
        return name != "MixedLoss" and not hasattr(self.entries.names.table.get(str(name)), "spec")

    def _renamed(self, place: Place, section: Entry, key: str) -> Entry:
        for wanted in (key, "coef"):
            others = [name for name in section if name not in (key, "coef", "type")]
            near = registry.suggest(wanted, others) if wanted not in section else None
            if near:
                self.report.mistake(
                    (*place, near),
                    _("unknown key {name!r}.", name=near),
                    wanted,
                    _("write {yaml}", yaml=wanted),
                )
                section = {wanted if name == near else name: value for name, value in section.items()}
        return section

    def _list(self, place: Place, key: str, section: Entry) -> list[Any]:
        losses = section.get(key)
        if isinstance(losses, list) and losses:
            return losses
        example = "[{type: paddleseg_losses.DiceLoss}]"
        self.report.mistake(
            (*place, key), described(section, key), _("a list of losses"), _("write {yaml}", yaml=f"{key}: {example}")
        )
        if isinstance(losses, (dict, str)):
            return [losses]
        needed = _("{key}: at least one loss is needed, such as {example}", key=key, example=example)
        self.report.gap(place, needed)
        return []

    def _entry(self, place: Place, entry: Any) -> Any:
        if isinstance(entry, str):
            self.report.mistake(
                place,
                _("it is {value!r}.", value=entry),
                f"type: {entry}",
                _("write {yaml}", yaml=f"- type: {entry}"),
            )
            entry = {"type": entry}
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            near = registry.suggest("type", list(entry)) if isinstance(entry, dict) else None
            cure = _("did you mean type instead of {near}?", near=near) if near else _("write - type: and a name")
            self.report.mistake(
                place, _("it is {value!r}.", value=entry), _("a mapping whose `type` is the name of a loss"), cure
            )
            if not near:
                self.report.gap(place, _("a loss with a type is needed here"))
                return entry
            entry = {"type" if name == near else name: value for name, value in entry.items()}
        if self.entries.lacks_schedule(entry):
            return self._entry(place, self._scheduled(place, entry))
        return self._of_a_kind(place, entry)

    def _of_a_kind(self, place: Place, entry: Entry) -> Entry:
        if entry["type"] == "MixedLoss":
            return self._within(handed_on=self.entries.facts.handed_deeper)._mixed(place, entry)
        if entry["type"] == "MultipleLoss" and self.entries.names.toolkit is MEDICALSEG:
            return self._within(handed_on=False)._multiple(place, entry)
        cls = self.entries.names.table.get(entry["type"])
        if is_sum(cls):
            return self._summed(place, entry)
        if is_wrapper(cls) and entry.get("loss") is not None:
            return self._wrapped(place, entry)
        before = len(self.report.mistakes)
        cls, entry = self.entries.check(place, entry)
        if len(self.report.mistakes) == before and cls not in (None, Unseen):
            self._build(place, cls, entry)
        return entry

    def _scheduled(self, place: Place, entry: Entry) -> Entry:
        """A loss of PaddleSeg's with a schedule, put into a sum of ours, which can have one."""
        bare = {key: value for key, value in entry.items() if key != "schedule"}
        wrapped = {"type": "WeightedSumLoss", "losses": [bare], "schedule": entry["schedule"]}
        self.report.mistake(
            (*place, "schedule"),
            _("PaddleSeg's own {loss} has no schedule.", loss=entry["type"]),
            _("a WeightedSumLoss of this package around it, which can have one"),
            _("write {yaml}", yaml=inline(wrapped)),
        )
        return wrapped

    def _mixed(self, place: Place, entry: Entry) -> Entry:
        for name in [name for name in entry if name not in ("type", "losses", "coef")]:
            if not registry.suggest(name, ["losses", "coef"]):
                self.report.mistake(
                    (*place, name),
                    _("{loss} has no option {name!r}.", loss="MixedLoss", name=name),
                    "losses, coef",
                    _("remove it"),
                )
                entry = {key: value for key, value in entry.items() if key != name}
        return self._weighted(place, entry, "losses", repeats=False)

    def _within(self, handed_on: bool) -> _SectionChecker:
        """For what is inside an entry; a sum of ours hands its own ignore_index on."""
        facts = replace(self.entries.facts, handed_on=handed_on)
        return _SectionChecker(self.report, replace(self.entries, facts=facts))

    def _multiple(self, place: Place, entry: Entry) -> Entry:
        """MedicalSeg's deep supervision, which uses the first of its losses at every level."""
        if not entry.get("plan_path"):
            self.report.mistake(
                place,
                _("{loss} needs {name!r}.", loss="MultipleLoss", name="plan_path"),
                _("a value for it"),
                _("add {name}: ...", name="plan_path"),
            )
            self.report.gap(place, _("{name}: a value is needed", name="plan_path"))
        corrected = self._weighted(place, entry, "losses", repeats=False)
        if len(corrected["losses"]) > 1:
            self.report.mistake(
                (*place, "losses"),
                _("MultipleLoss uses the first of its losses and no other."),
                _("one loss"),
                _("put them into one WeightedSumLoss"),
            )
            corrected["losses"] = [
                {"type": "WeightedSumLoss", "losses": corrected["losses"], "coef": corrected["coef"]}
            ]
            corrected["coef"] = [1]
        return corrected

    def _summed(self, place: Place, entry: Entry) -> Entry:
        """Our weighted sum: its terms one by one, then the sum of what PaddleSeg makes of them."""
        before = self._so_far()
        weighed = entry.get("coef") is not None or registry.suggest("coef", list(entry))
        terms = entry["losses"] if isinstance(entry.get("losses"), list) else []
        coef = {} if weighed else {"coef": [1] * max(len(terms), 1)}
        if terms:
            coef["losses"] = [self._spelt_out(term) for term in terms]
        entry = self._within(handed_on=True)._weighted(place, {**entry, **coef}, "losses", repeats=False)
        if not weighed:
            del entry["coef"]
        return self._around(place, entry, "losses", before)

    def _wrapped(self, place: Place, entry: Entry) -> Entry:
        """One of our losses around another one: that first."""
        before = self._so_far()
        inside, where = self._within(handed_on=True), (*place, "loss")
        checked = inside._entry(where, self._spelt_out(entry["loss"]))
        if self._has_namesake(checked):
            ours = PREFIX + checked["type"]
            self.report.mistake(
                (*where, "type"),
                _("{outer}: {loss} is not a loss of this package.", outer=entry["type"], loss=checked["type"]),
                f"type: {ours}",
                _("write {yaml}", yaml=f"type: {ours}"),
            )
            checked = inside._entry(where, {**checked, "type": ours})
        return self._around(place, {**entry, "loss": checked}, "loss", before)

    def _so_far(self) -> tuple[int, int, int]:
        return len(self.report.mistakes), len(self.report.gaps), len(self.report.losses)

    def _around(self, place: Place, entry: Entry, key: str, before: tuple[int, int, int]) -> Entry:
        """A loss around others that have been corrected, once PaddleSeg's builder has made those."""
        mistakes, gaps, losses = before
        names, entries = self.entries.names, self.entries
        built = None if len(self.report.gaps) > gaps else inner.build_all(entry[key], names)
        if built is None:
            return entry
        if not inner.all_ours(entry, names):  # PaddleSeg's own need not run without the shims of `train`
            entries = replace(entries, facts=replace(entries.facts, classes=None))
        cls, checked = entries.check(place, {**entry, key: built})
        del self.report.losses[losses:]  # it shows what is inside
        if len(self.report.mistakes) == mistakes:
            self._build(place, cls, checked)
        return {**checked, key: entry[key]}

    def _has_namesake(self, entry: Any) -> bool:
        """Whether an entry is a loss of PaddleSeg's, and ours has one of the same name."""
        name = entry.get("type") if isinstance(entry, dict) else None
        return name in registry.names() and not hasattr(self.entries.names.table[name], "spec")

    def _spelt_out(self, term: Any) -> Any:
        """The name alone of a term means ours: PaddleSeg's builder leaves it to the sum."""
        bare = term.removeprefix(PREFIX) if isinstance(term, str) else None
        if bare not in registry.names():
            return term
        if not hasattr(self.entries.names.table[bare], "spec"):
            self.report.remark(
                _(
                    "{name} without `type` inside a loss of this package is that of this package: {ours}",
                    name=term,
                    ours=f"type: {PREFIX}{bare}",
                )
            )
        return {"type": PREFIX + bare}

    def _build(self, place: Place, cls: Any, entry: Entry) -> None:
        """The constructor has the last word."""
        try:
            loss = cls(**{name: value for name, value in entry.items() if name != "type"})
            self.report.losses.append(repr(loss))
        except LossError as error:
            self.report.error(place, error)
            self.report.gap(place, _("cannot be used here: {cure}", cure=error.cure))
        except Exception as error:
            failure = _("{name} cannot be created: {error}", name=cls.__name__, error=error)
            self.report.mistake(place, failure, _("options that it accepts"), _("see its source"))
            self.report.gap(place, failure)
