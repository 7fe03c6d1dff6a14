"""The only list of losses: the command line, the docs, the configs and the laws are generated from it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Callable, TypeVar

from .errors import OptionError, UnknownLossError
from .i18n import Message, Text, _, in_context
from .other_libraries import loss_hints, said

# The chapters of the survey article, in its order.
FAMILIES = {
    "distribution": in_context("family of losses", "distribution"),
    "region": in_context("family of losses", "region"),
    "boundary": in_context("family of losses", "boundary"),
    "compound": in_context("family of losses", "compound"),
}
# What a user sees go wrong, or has to reach; a spec says which of them its loss suits.
SYMPTOMS = {
    "first-attempt": _("no symptom yet: a first attempt"),
    "small-objects": _("small objects"),
    "thin-structures": _("thin structures"),
    "ragged-boundaries": _("ragged or shifted boundaries"),
    "far-errors": _("stray blobs far from the object, missed ends"),
    "missed-objects": _("objects are missed"),
    "false-alarms": _("false alarms"),
    "class-imbalance": _("class imbalance"),
    "absent-classes": _("many classes are absent from most images"),
    "noisy-labels": _("noisy labels"),
    "calibration": _("probabilities that must mean something"),
    "miou-metric": _("mIoU is the metric"),
    "unequal-confusions": _("some confusions are worse than others"),
    "stalled-training": _("the loss has stopped falling"),
    "unstable-training": _("training jumps or jitters"),
}
MODES = ("binary", "multiclass", "multilabel")
PREFIX = "paddleseg_losses."
# PaddleSeg's trainer treats these class names specially: a loss of that name would be called or added up wrongly.
RESERVED = ("MixedLoss", "KLLoss", "BCELoss")

Class = TypeVar("Class", bound=type)


@dataclass(frozen=True)
class LossSpec:
    """What is known about one loss. The laws in the tests read these facts; nothing else excuses a loss."""

    cls: type
    family: str
    title: Text
    purpose: Text  # what it is good for, in one line
    paper: str
    link: str
    equation: Text  # where in the paper
    range: tuple[float, float]
    order: float = math.inf  # in its chapter, as in the article; losses without it follow, by name
    modes: tuple[str, ...] = MODES
    suits: tuple[str, ...] = ()  # the symptoms against which it helps
    most_classes: int | None = None  # of a multiclass problem
    weighs_labels: bool = False  # with a sigmoid, `weight` is of the labels 0 and 1, not of the channels
    soft: bool = False  # takes float targets
    soft_minimum: bool = True  # under soft targets least at p = target
    one_vs_rest: bool = True  # sigmoid of z equals softmax of (0, z) scored without the background
    counts_unweighted: bool = False  # chooses or balances by numbers of pixels, whatever their weights
    background_special: bool = False  # class 0 is treated unlike the others, whatever the options
    neighbours: bool = False  # looks at neighbouring pixels: only flips and transposes leave it unchanged
    sided: bool = False  # takes sides: flips and transposes change it a little
    sorts: bool = False  # ties may be ordered either way
    batchwise: bool = False  # not the mean over samples of its value on each sample
    monotone: bool = True  # moving one logit towards its label never raises it
    perfect_is_minimum: bool = True
    blind: bool = False  # thin errors cost nothing and have no gradient
    outlines_only: bool = False  # sees outlines alone: a region and what lies around it may cost the same
    plateau: bool = False  # a prediction that goes against its truth has the highest value, and no gradient
    slack: float = 0.0  # an epsilon in the formula keeps a perfect prediction this far from the range's low end
    exponents: tuple[str, ...] = ()  # options that are exponents of something that can be 0
    detached: tuple[str, ...] = ()  # quantities that carry no gradient by definition
    held: tuple[str, ...] = ()  # methods that compute what, of these, moves with the logits even by small steps
    logits_only: tuple[str, ...] = ()  # modes in which probabilities do not determine it
    label_sets: bool = False  # can do with pixels that are one of several classes
    dynamic_only: bool = False  # values of the labels decide what it computes: no static graph can hold it
    label_maps: str = ""  # the transform that computes its maps of the labels where the data is loaded
    published: bool = True  # False: it has no paper, so nobody else's values
    example: Mapping[str, Any] = field(default_factory=dict)  # options without a default

    @property
    def name(self) -> str:
        """The class name, which is also the name in PaddleSeg's YAML."""
        return self.cls.__name__


@dataclass(frozen=True)
class SupportedInputs:
    """The problems that a loss takes."""

    modes: tuple[str, ...]
    soft: bool = False  # float targets
    logits_only: tuple[str, ...] = ()  # modes in which probabilities do not determine the loss
    label_sets: bool = False  # pixels that are one of several classes
    instead_of_soft: Text | None = None  # what to use for float targets, if it takes none

    def both(self, other: SupportedInputs) -> SupportedInputs:
        """What two losses take."""
        modes = tuple(mode for mode in self.modes if mode in other.modes)
        logits_only = self.logits_only + other.logits_only
        return SupportedInputs(modes, self.soft and other.soft, logits_only, self.label_sets and other.label_sets)


_SPECS: dict[str, LossSpec] = {}


def _registered() -> dict[str, LossSpec]:
    """The table, with the losses of this package: each is put there when its module is imported."""
    import_module(".losses", __package__)
    return _SPECS


def registered(**facts: Any) -> Callable[[Class], Class]:
    """Class decorator: put a final loss class on the list with the facts of a `LossSpec`."""

    def add(cls: Class) -> Class:
        name = cls.__name__
        if name in RESERVED:
            raise OptionError(
                _("A loss is named {name}.", name=name),
                _(
                    "a name other than {names}, which PaddleSeg's trainer treats specially",
                    names=", ".join(RESERVED),
                ),
                _("rename the class"),
            )
        if name in _SPECS and _SPECS[name].cls.__module__ != cls.__module__:
            raise OptionError(
                _(
                    "Two losses are named {name}, in {first} and in {second}.",
                    name=name,
                    first=_SPECS[name].cls.__module__,
                    second=cls.__module__,
                ),
                _("one loss per name"),
                _("rename one of the classes"),
            )
        texts: dict[str, Text] = {key: Message(facts[key]) for key in ("title", "purpose", "equation") if key in facts}
        spec = LossSpec(cls=cls, **{**facts, **texts})
        open_hooks = [hook for hook in dir(cls) if getattr(getattr(cls, hook), "__isabstractmethod__", False)]
        if open_hooks:
            raise OptionError(
                _("{name} does not define {hooks}.", name=name, hooks=", ".join(open_hooks)),
                _("a final class"),
                _("define what its family requires"),
            )
        if spec.family not in FAMILIES:
            raise OptionError(
                _("{name} is of family {family!r}.", name=name, family=spec.family),
                _("one of {names}", names=", ".join(FAMILIES)),
                _("set `family` to one of them"),
            )
        if not set(spec.suits) <= set(SYMPTOMS):
            raise OptionError(
                _(
                    "{name} suits {suits}.",
                    name=name,
                    suits=", ".join(repr(key) for key in spec.suits if key not in SYMPTOMS),
                ),
                _("symptoms from {names}", names=", ".join(SYMPTOMS)),
                _("correct `suits`, or add the symptom to SYMPTOMS"),
            )
        cls.spec = spec  # type: ignore[attr-defined]
        _SPECS[name] = spec
        return cls

    return add


def specs(family: str | None = None, mode: str | None = None, symptom: str | None = None) -> Iterator[LossSpec]:
    """The specs in the article's order, all or those of one family, of one mode, or that suit a symptom."""
    chapters = list(FAMILIES)
    for spec in sorted(_registered().values(), key=lambda spec: (chapters.index(spec.family), spec.order, spec.name)):
        asked = family in (None, spec.family) and (mode is None or mode in spec.modes)
        if asked and (symptom is None or symptom in spec.suits):
            yield spec


def names(family: str | None = None, mode: str | None = None, symptom: str | None = None) -> list[str]:
    """The names in the article's order."""
    return [spec.name for spec in specs(family, mode, symptom)]


def suggest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelt or shortened one probably means, if any.

    What tells names apart counts: not the ending "Loss", which they share.
    """
    wanted = _core(name)
    scored = [(_edits(wanted, _core(candidate)), candidate) for candidate in known]
    near = [(edits, candidate) for edits, candidate in scored if edits is not None]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _core(name: str) -> str:
    """A name without case, underscores and its last word "loss", however that is spelt."""
    folded = re.sub(r"[\W_]", "", name.lower())
    return re.sub(r"(?<=..)lo[sz]+e?s?$", "", folded)


def _edits(wrong: str, right: str) -> float | None:
    """How many letters differ, or None if too many; letters that the end of a shortened name lacks count little."""
    if len(wrong) > 3 and right.startswith(wrong):
        return (len(right) - len(wrong)) / 100
    steps = difflib.SequenceMatcher(None, wrong, right, autojunk=False).get_opcodes()
    edits = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in steps if tag != "equal")
    # Few misspell the first letter, and a short name that differs there is another name.
    allowed = 1 if len(wrong) < 4 or wrong[:1] != right[:1] else 2 if len(wrong) < 12 else 3
    return edits if edits <= allowed and len(wrong) > 2 else None


def get(name: str) -> LossSpec:
    """The spec of a loss by its name, `DiceLoss` or `paddleseg_losses.DiceLoss`."""
    bare = str(name).removeprefix(PREFIX)
    if bare in _registered():
        return _SPECS[bare]
    raise unknown_loss(name, names())


def unknown_loss(name: str, known: Iterable[str]) -> UnknownLossError:
    """The error of a name that no loss has: a few names that are like it, and what it may mean."""
    known, bare = list(known), str(name).removeprefix(PREFIX)
    return UnknownLossError(
        _("There is no loss {name!r}.", name=name),
        _("the name of a loss, such as {names}", names=", ".join(nearest(bare, known))),
        advice(bare, known) or _("`paddleseg-losses list` shows all losses"),
    )


def nearest(name: str, known: Iterable[str], count: int = 5) -> list[str]:
    """The known names that are most like another, the likest first; what all names end in does not count."""
    wanted = _core(str(name))
    likeness = {each: difflib.SequenceMatcher(None, wanted, _core(each), autojunk=False).ratio() for each in known}
    return sorted(likeness, key=lambda each: -likeness[each])[:count]


def advice(name: str, known: Iterable[str]) -> Text | None:
    """What to take for a loss that is not on the list: that of another library, or a misspelt one."""
    hints = loss_hints(name)
    near = None if hints else suggest(name, known)
    return said(hints) if hints else _("did you mean {near}?", near=near) if near else None


def build(config: str | Mapping[str, Any], **options: Any) -> Any:
    """Make a loss from its name or from a YAML mapping such as `{type: TverskyLoss, alpha: 0.3}`."""
    if isinstance(config, str):
        config = {"type": config}
    if not isinstance(config, Mapping) or not isinstance(config.get("type"), str):
        raise OptionError(
            _("A loss cannot be built from {config!r}.", config=config),
            _("a name, or a mapping whose `type` is a name"),
            _("write for example {code}", code="{type: DiceLoss, smooth: 1.0}"),
        )
    given = {key: value for key, value in config.items() if key != "type"}
    return get(config["type"]).cls(**{**given, **options})
