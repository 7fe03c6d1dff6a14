"""Checking one entry of `types`: its name, its options, and whether it can do the problem of the file."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from ... import registry
from ...errors import LossError, OptionError
from ...i18n import Message, Text, _, plural
from ...i18n.counts import numbers
from ...options import REQUIRED, option_advice, options_of, parse
from ...other_libraries import loss_hints, renamed, said
from ...registry import PREFIX
from ..toolkits import MEDICALSEG
from . import trial
from .facts import Facts
from .names import BUILT_IN, Names, Unseen
from .report import Place, Report

Entry = dict[str, Any]
DEFAULT = 255  # ignore_index of a loss that is given none


@dataclass(frozen=True)
class EntryChecker:
    """What all entries of a file share."""

    report: Report
    names: Names
    facts: Facts

    def check(self, place: Place, entry: Entry) -> tuple[type | None, Entry]:
        """Note every mistake of an entry; gives its class, if known, and the corrected entry."""
        cls, name = self._class(place, entry)
        options = {key: value for key, value in entry.items() if key != "type"}
        if cls is None or cls is Unseen:
            if name in self.names.table:
                self.report.remark(
                    _("{name} is MedicalSeg's own: its options are not checked", name=name)
                    if self.names.toolkit is MEDICALSEG
                    else _("{name} is PaddleSeg's own, which is not installed: its options are not checked", name=name)
                )
            return cls, {"type": name, **self._ignoring(place, options)}
        ours = hasattr(cls, "spec")
        if not ours and self._means_ours(place, name, cls, options):
            name, cls, ours = PREFIX + name, self.names.table[PREFIX + name], True
        options = self._known(place, cls, options)
        options = self._ignoring(place, options)
        if ours:
            options = self._tried(place, cls, self._valued(place, cls, options))
        else:
            options = self._weighed(place, name, options)
        return cls, {"type": name, **options}

    def lacks_schedule(self, entry: Entry) -> bool:
        """Whether a loss of PaddleSeg's was given a schedule, and no loss of ours can stand in for it."""
        cls = self.names.table.get(entry["type"])
        if "schedule" not in entry or cls is None or _takes(cls, "schedule"):
            return False
        return not self._stands_in(entry["type"], {key: value for key, value in entry.items() if key != "type"})

    def _stands_in(self, name: str, options: Entry) -> bool:
        """Whether our loss of the same name has all these options."""
        return name in registry.names() and all(_takes(self.names.table[PREFIX + name], key) for key in options)

    def _meant(self, name: str) -> tuple[str | None, Text]:
        """The loss that an unknown name probably means, and what to do."""
        if name in BUILT_IN:
            return None, _("the PaddleSeg that is installed lacks it: use the newest code of its repository")
        hints = loss_hints(name.rpartition(".")[2])
        if hints:
            return None, said(hints)
        near = self.names.suggest(name)
        return near, _("did you mean {near}?", near=near) if near else _("look for the name in the list")

    def _class(self, place: Place, entry: Entry) -> tuple[type | None, str]:
        name = str(entry["type"])
        if name not in self.names.table:
            near, cure = self._meant(name)
            self.report.mistake(
                (*place, "type"),
                _("There is no loss {name!r}.", name=name),
                _("a loss of this package (`paddleseg-losses list`) or one of PaddleSeg's own"),
                cure,
            )
            if near is None:
                self.report.gap(place, _("{name}: give the name of a loss", name=name))
                return None, name
            name = near
        if name in registry.names() and not hasattr(self.names.table[name], "spec"):
            self.report.remark(
                _(
                    "{name} is {toolkit}'s own loss here; that of this package is {ours}",
                    name=name,
                    toolkit=self.names.toolkit.title,
                    ours=PREFIX + name,
                )
            )
        return self.names.table[name], name

    def _means_ours(self, place: Place, name: str, cls: type, options: Entry) -> bool:
        """Whether an entry has options that PaddleSeg's loss lacks, while ours of the same name has them all."""
        foreign = [key for key in options if not _takes(cls, key)]
        if not foreign or not self._stands_in(name, options):
            return False
        self.report.mistake(
            (*place, foreign[0]),
            _(
                "PaddleSeg's own {name} has no option {option!r}; that of this package has.",
                name=name,
                option=foreign[0],
            ),
            f"type: {PREFIX}{name}",
            _("write {yaml}", yaml=f"type: {PREFIX}{name}"),
        )
        return True

    def _known(self, place: Place, cls: type, options: Entry) -> Entry:
        """Rename or leave out options that the class does not have; note those that it needs."""
        parameters = [p.name for p in _parameters(cls) if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        kept: Entry = {}
        for key, value in options.items():
            if _takes(cls, key):
                kept[key] = value
                continue
            new = self._unknown(place, cls, key, value, parameters, options)
            if new:
                kept[new] = value
            else:
                self._leave_out(place, key, value, _("{loss} has no such option", loss=cls.__name__))
        for parameter in _parameters(cls):
            needed = parameter.default is parameter.empty and parameter.name in parameters
            if needed and parameter.name not in kept:
                self.report.mistake(
                    place,
                    _("{loss} needs {name!r}.", loss=cls.__name__, name=parameter.name),
                    _("a value for it"),
                    _("add {name}: ...", name=parameter.name),
                )
                self.report.gap(place, _("{name}: a value is needed", name=parameter.name))
        return kept

    def _unknown(
        self, place: Place, cls: type, key: str, value: Any, parameters: list[str], options: Entry
    ) -> str | None:
        """Note an option that the class does not have; gives the one that is meant, if it is free."""
        ours = hasattr(cls, "spec")
        namesake = cls if ours else self.names.table.get(PREFIX + cls.__name__)
        hints = option_advice(namesake, key, value) if namesake else []
        near = renamed(hints) if hints and ours else registry.suggest(key, parameters)
        cure: Text
        if near in options:
            cure = _("remove {name!r}: {near} is given too", name=key, near=near)
        elif hints:
            dotted = f"type: {PREFIX}{cls.__name__}"
            own = _("this holds for {ours}, not for PaddleSeg's own loss", ours=dotted)
            cure = said([*hints, *([] if ours else [own])])
        else:
            cure = _("did you mean {near}?", near=near) if near else _("remove {name!r}", name=key)
        self.report.mistake(
            (*place, key),
            _("{loss} has no option {name!r}.", loss=cls.__name__, name=key),
            _("one of {names}", names=", ".join(parameters)),
            cure,
        )
        return None if near in options else near

    def _ignoring(self, place: Place, options: Entry) -> Entry:
        expected, value = self.facts.ignore_index, options.get("ignore_index")
        if expected is None or value == expected:
            return options
        if "ignore_index" not in options:
            return options if self.facts.handed_on or expected == DEFAULT else self._not_handed_on(place, options)
        self.report.mistake(
            (*place, "ignore_index"),
            _("ignore_index is {value!r}, but {expected} in the dataset.", value=value, expected=expected),
            _("ignore_index: {expected}, or none: PaddleSeg passes the dataset's on", expected=expected),
            _(
                "write {yaml}, and store every ignored pixel as {expected} in the masks: PaddleSeg takes one label",
                yaml=f"ignore_index: {expected}",
                expected=expected,
            )
            if isinstance(value, list)
            else _("write {yaml}, or set the dataset's to {value!r}", yaml=f"ignore_index: {expected}", value=value),
        )
        return {**options, "ignore_index": expected}

    def _not_handed_on(self, place: Place, options: Entry) -> Entry:
        expected = self.facts.ignore_index
        self.report.mistake(
            (*place, "ignore_index"),
            _(
                "it is missing: the loss keeps {default}, the dataset has {expected}.",
                default=DEFAULT,
                expected=expected,
            ),
            _("ignore_index: {expected}: the trainer does not pass the dataset's on to it", expected=expected),
            _("write {yaml}", yaml=f"ignore_index: {expected}"),
        )
        return {**options, "ignore_index": expected}

    def _valued(self, place: Place, cls: type, options: Entry) -> Entry:
        kept: Entry = {}
        for key, value in options.items():
            try:
                parse(cls, key, value)
                kept[key] = value
            except OptionError as error:
                self.report.error((*place, key), error)
                self._leave_out(place, key, value, error.expected)
        return kept

    def _tried(self, place: Place, cls: type, options: Entry) -> Entry:
        """Call the loss until no error is left, without one more of the options at fault each time."""
        if any(option.default is REQUIRED and name not in options for name, option in options_of(cls).items()):
            return options  # it has been said
        error = trial.failure(cls, options, self.facts)
        while error is not None:
            name = trial.culprit(cls, options, self.facts, error)
            self.report.error((*place, name) if name else place, error)
            if name is None:
                self.report.gap(place, _("cannot be used here: {cure}", cure=error.cure))
                modes = cls.spec.modes  # type: ignore[attr-defined]
                if "multilabel" in modes and "multiclass" not in modes:
                    self.report.remark(
                        _(
                            "{loss} needs one channel per class: if the labels are like that, use --use_multilabel",
                            loss=cls.__name__,
                        )
                    )
                return options
            self._leave_out(place, name, options[name], error.expected)
            options = {key: value for key, value in options.items() if key != name}
            error = trial.failure(cls, options, self.facts)
        return options

    def _weighed(self, place: Place, name: str, options: Entry) -> Entry:
        """PaddleSeg's own losses find a weight of the wrong length at their first call only."""
        weight, classes = options.get("weight"), self.facts.classes
        if not isinstance(weight, (list, tuple)) or classes is None or len(weight) == classes:
            return options
        self.report.error((*place, "weight"), weight_error(name, weight, classes))
        self._leave_out(place, "weight", weight, _("{numbers}, one for each class", numbers=numbers(classes)))
        return {key: value for key, value in options.items() if key != "weight"}

    def _leave_out(self, place: Place, key: str, value: Any, why: Text) -> None:
        self.report.comment(place, Message("{key}: {value}    <- {why}", key=key, value=value, why=why))


def weight_error(name: str, weight: Any, classes: int) -> LossError:
    """The error of a weight whose length is not the number of classes."""
    return OptionError(
        plural(
            "{name}: weight has {count} number, {weight}; the file has {classes} classes.",
            "{name}: weight has {count} numbers, {weight}; the file has {classes} classes.",
            len(weight),
            name=name,
            weight=list(weight),
            classes=classes,
        ),
        _("{numbers}, one for each class, the background included", numbers=numbers(classes)),
        _("give one number for each class, or check num_classes"),
    )


def _parameters(cls: type) -> list[inspect.Parameter]:
    return list(inspect.signature(cls).parameters.values())


def _takes(cls: type, option: str) -> bool:
    return any(p.name == option or p.kind is p.VAR_KEYWORD for p in _parameters(cls))
