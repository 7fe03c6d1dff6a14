"""The only list of losses: the command line, the docs, the configs and the laws are generated from it."""

from __future__ import annotations

from .i18n import _

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar

from .errors import OptionError, UnknownLossError

FAMILIES = {
    "distribution": "基于分布的损失函数",
    "region": "基于区域的损失函数",
    "boundary": "基于边界的损失函数",
    "compound": "基于复合的损失函数",
}
# What a user sees go wrong, or has to reach; a spec says which of them its loss suits.
SYMPTOMS = {
    "first-attempt": ("no symptom yet: a first attempt", "尚无症状：第一次训练"),
    "small-objects": ("small objects", "小目标"),
    "thin-structures": ("thin structures", "细长结构"),
    "ragged-boundaries": ("ragged or shifted boundaries", "边界毛糙或偏移"),
    "far-errors": ("stray blobs far from the object, missed ends", "远离目标的误检与漏掉的末端"),
    "missed-objects": ("objects are missed", "漏检"),
    "false-alarms": ("false alarms", "误检"),
    "class-imbalance": ("class imbalance", "类别不均衡"),
    "absent-classes": ("many classes are absent from most images", "多数图像缺少许多类别"),
    "noisy-labels": ("noisy labels", "标签有噪声"),
    "calibration": ("probabilities that must mean something", "概率需要可信（校准）"),
    "miou-metric": ("mIoU is the metric", "以 mIoU 为评价指标"),
    "unequal-confusions": ("some confusions are worse than others", "有些混淆比另一些更严重"),
    "stalled-training": ("the loss has stopped falling", "损失不再下降"),
    "unstable-training": ("training jumps or jitters", "训练震荡不稳"),
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
    title: str
    title_zh: str
    purpose: str  # what it is good for, in one line
    purpose_zh: str
    paper: str
    link: str
    equation: str  # where in the paper
    range: tuple[float, float]
    modes: tuple[str, ...] = MODES
    suits: tuple[str, ...] = ()  # the symptoms against which it helps
    most_classes: int | None = None  # of a multiclass problem
    weighs_labels: bool = False  # with a sigmoid, `weight` is of the labels 0 and 1, not of the channels
    soft: bool = False  # takes float targets
    soft_minimum: bool = True  # under soft targets least at p = target
    one_vs_rest: bool = True  # sigmoid of z equals softmax of (0, z) scored without the background
    background_special: bool = False  # class 0 is treated unlike the others, whatever the options
    neighbours: bool = False  # looks at neighbouring pixels: only flips and transposes leave it unchanged
    sorts: bool = False  # ties may be ordered either way
    batchwise: bool = False  # not the mean over samples of its value on each sample
    monotone: bool = True  # moving one logit towards its label never raises it
    perfect_is_minimum: bool = True
    blind: bool = False  # thin errors cost nothing and have no gradient
    slack: float = 0.0  # an epsilon in the formula keeps a perfect prediction this far from the range's low end
    exponents: tuple[str, ...] = ()  # options that are exponents of something that can be 0
    detached: tuple[str, ...] = ()  # quantities that carry no gradient by definition
    held: tuple[str, ...] = ()  # methods that compute what, of these, moves smoothly with the logits
    logits_only: tuple[str, ...] = ()  # modes in which probabilities do not determine it
    label_maps: bool = False  # its distance maps of the labels can come from the data pipeline: `DistanceMaps`
    published: bool = True  # False: it has no paper, so nobody else's values
    example: Mapping[str, Any] = field(default_factory=dict)  # options without a default

    @property
    def name(self) -> str:
        """The class name, which is also the name in PaddleSeg's YAML."""
        return self.cls.__name__


_SPECS: dict[str, LossSpec] = {}


def registered(**facts: Any) -> Callable[[Class], Class]:
    """Class decorator: put a final loss class on the list with the facts of a `LossSpec`."""

    def add(cls: Class) -> Class:
        name = cls.__name__
        if name in RESERVED:
            raise OptionError(
                _("A loss is called {name}.", name=name),
                _(
                    "a name other than {reserved}, which PaddleSeg's trainer treats specially",
                    reserved=", ".join(RESERVED),
                ),
                _("rename the class"),
            )
        if name in _SPECS and _SPECS[name].cls.__module__ != cls.__module__:
            raise OptionError(
                _(
                    "Two losses are called {name}: {module} and {module2}.",
                    name=name,
                    module=_SPECS[name].cls.__module__,
                    module2=cls.__module__,
                ),
                _("one loss for each name"),
                _("rename one of the classes"),
            )
        spec = LossSpec(cls=cls, **facts)
        open_hooks = [hook for hook in dir(cls) if getattr(getattr(cls, hook), "__isabstractmethod__", False)]
        if open_hooks:
            raise OptionError(
                _("{name} leaves {open_hooks} open.", name=name, open_hooks=", ".join(open_hooks)),
                _("a final class"),
                _("define what its family asks for"),
            )
        if spec.family not in FAMILIES:
            raise OptionError(
                _("{name} is of family {family!r}.", name=name, family=spec.family),
                _("one of {families}", families=", ".join(FAMILIES)),
                _("set `family` to one of them"),
            )
        if not set(spec.suits) <= set(SYMPTOMS):
            raise OptionError(
                _(
                    "{name} suits {suits}.",
                    name=name,
                    suits=", ".join(repr(key) for key in spec.suits if key not in SYMPTOMS),
                ),
                _("symptoms out of {symptoms}", symptoms=", ".join(SYMPTOMS)),
                _("correct `suits`, or add the symptom to SYMPTOMS"),
            )
        cls.spec = spec  # type: ignore[attr-defined]
        _SPECS[name] = spec
        return cls

    return add


def specs(family: str | None = None, mode: str | None = None, symptom: str | None = None) -> Iterator[LossSpec]:
    """The specs in the article's order, all or those of one family, of one mode, or that suit a symptom."""
    for chapter in FAMILIES:
        for spec in _SPECS.values():
            asked = family in (None, chapter) and (mode is None or mode in spec.modes)
            if spec.family == chapter and asked and (symptom is None or symptom in spec.suits):
                yield spec


def names(family: str | None = None, mode: str | None = None, symptom: str | None = None) -> list[str]:
    """The names in the article's order."""
    return [spec.name for spec in specs(family, mode, symptom)]


def suggest(name: str, known: list[str]) -> str | None:
    """The known name nearest to a misspelt one, if any is near."""
    folded = {candidate.lower(): candidate for candidate in known}
    folded.update({candidate.lower().removesuffix("loss"): candidate for candidate in known})
    near = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def get(name: str) -> LossSpec:
    """The spec of a loss by its name, `DiceLoss` or `paddleseg_losses.DiceLoss`."""
    bare = str(name).removeprefix(PREFIX)
    if bare in _SPECS:
        return _SPECS[bare]
    near = suggest(bare, names())
    raise UnknownLossError(
        _("No loss is called {name!r}.", name=name),
        _("one of {names}", names=", ".join(names())),
        _("did you mean {near}?", near=near) if near else _("`paddleseg-losses list` shows them all"),
    )


def build(config: str | Mapping[str, Any], **options: Any) -> Any:
    """Make a loss from its name or from a YAML mapping such as `{type: TverskyLoss, alpha: 0.3}`."""
    if isinstance(config, str):
        config = {"type": config}
    if not isinstance(config, Mapping) or not isinstance(config.get("type"), str):
        raise OptionError(
            _("A loss was described by {config!r}.", config=config),
            _("a name, or a mapping whose `type` is a name"),
            _("write for example {type: DiceLoss, smooth: 1.0}"),
        )
    given = {key: value for key, value in config.items() if key != "type"}
    return get(config["type"]).cls(**{**given, **options})
