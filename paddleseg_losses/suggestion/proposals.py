"""Three losses for a dataset, each with its reason, its evidence and its cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from .. import catalogue, registry
from ..datasets import MaskSource, MaskStatistics, Symptom, measure, open_source, symptoms
from ..evidence import Evidence, Finding, evidence
from ..paddleseg import config as configs
from ..registry import PREFIX
from .cost import Cost, costs
from .resemblance import alike

FIRST = "first-attempt"
COUNT = 3


@dataclass(frozen=True)
class Proposal:
    """One loss to try."""

    loss: str
    symptom: str  # of the registry, which it suits
    reason: str  # in the words of the chooser
    section: dict[str, Any]  # `loss` of a configuration
    findings: list[Finding] = field(default_factory=list)  # on tasks like the data, the most alike first
    cost: Cost | None = None

    @property
    def yaml(self) -> str:
        """To copy into a configuration."""
        return yaml.safe_dump({"loss": self.section}, sort_keys=False, allow_unicode=True)


@dataclass(frozen=True)
class Suggestion:
    """What was seen, and what follows."""

    source: MaskSource
    statistics: MaskStatistics
    seen: list[Symptom]
    foreign: dict[int, int]  # labels that are no class, and how many pixels have them
    alike: dict[str, float]  # tasks of the experiment that resemble the masks, with their distance
    proposals: list[Proposal]
    control: str  # the loss that the evidence compares with

    @property
    def command(self) -> list[str]:
        """Which of the losses is better, `compare` tells."""
        names = ",".join(proposal.loss for proposal in self.proposals)
        return ["paddleseg-losses", "compare", "--losses", names, "--out", "comparison"]


def suggest(path: str | Path, masks: int = 200, measure_cost: bool = True) -> Suggestion:
    """Look at the masks that a configuration trains on, and propose losses.

    Args:
        path: a PaddleSeg configuration.
        masks: how many to look at, spread over all.
        measure_cost: whether to run each loss once in a process of its own.

    Raises:
        ConfigError, DataError: the configuration or its masks cannot be read.
    """
    config = configs.load(path)
    source = open_source(path).sampled(masks)
    statistics = measure(((name, source.read(i)) for i, name in enumerate(source.names)), source.ignore_index)
    classes = source.number_of_classes({label: "" for label in statistics.classes})
    foreign = {label: each.pixels for label, each in statistics.classes.items() if not 0 <= label < classes}
    names = dict(enumerate(source.class_names or []))
    seen, known = symptoms(statistics, names), evidence()
    near = alike(known, statistics)
    channels = _channels(config, classes)
    chosen = _choose([each.name for each in seen] or [FIRST], channels, known, list(near))
    proposals = [
        Proposal(loss, symptom, _reason(loss, symptom), _section(config, loss), _findings(known, near, loss))
        for loss, symptom in chosen.items()
    ]
    if measure_cost:
        measured = costs([each.section["types"][0] for each in proposals], _shape(config, statistics, channels))
        proposals = [replace(proposal, cost=cost) for proposal, cost in zip(proposals, measured)]
    return Suggestion(source, statistics, seen, foreign, near, proposals, known.control)


def _choose(seen: Sequence[str], channels: int, known: Evidence, near: Sequence[str]) -> dict[str, str]:
    """Losses and the symptom that each suits; the last is the control, with which to compare."""
    usable: dict[str, str] = {}
    for symptom in (*seen, FIRST):
        for loss in catalogue.losses(symptom=symptom):  # in the order of the chooser
            if _takes(registry.get(loss["name"]), channels) and loss["name"] != known.control:
                usable.setdefault(loss["name"], symptom)
    best = sorted(usable, key=lambda loss: -_verdict(_findings(known, near, loss)))[: COUNT - 1]
    return {**{loss: usable[loss] for loss in best}, known.control: FIRST}


def _reason(loss: str, symptom: str) -> str:
    """In the words of the chooser."""
    return next(str(each["reason"]) for each in catalogue.losses(symptom=symptom) if each["name"] == loss)


def _verdict(findings: Sequence[Finding]) -> int:
    """1 for clearly better than the control on the task most alike, -1 for clearly worse or failed, else 0."""
    if not findings:
        return 0
    first = findings[0]
    beside = first.differences.get("dice")
    if first.succeeded < first.runs or beside is None:
        return -1
    return (beside.low > 0) - (beside.high < 0)


def _takes(spec: registry.LossSpec, channels: int) -> bool:
    if channels == 1:
        return "binary" in spec.modes
    return "multiclass" in spec.modes and (spec.most_classes is None or channels <= spec.most_classes)


def _findings(known: Evidence, near: Iterable[str], loss: str) -> list[Finding]:
    return [known.findings[task][loss] for task in near if loss in known.findings[task]]


def _channels(config: configs.Config, classes: int) -> int:
    """Of the model; one for two classes is possible."""
    model = config.get("model")
    given = model.get("num_classes") if isinstance(model, dict) else None
    return given if isinstance(given, int) else classes


def _section(config: configs.Config, loss: str) -> dict[str, Any]:
    """As many outputs as the configuration has."""
    given = config.get("loss")
    coef = given.get("coef") if isinstance(given, dict) else None
    coef = list(coef) if isinstance(coef, list) else [1]
    entry = {"type": PREFIX + loss, **registry.get(loss).example}
    return {"types": [dict(entry) for _output in coef], "coef": coef}


def _shape(config: configs.Config, statistics: MaskStatistics, channels: int) -> tuple[int, ...]:
    """Of the logits of a batch."""
    batch = config.get("batch_size")
    return (batch if isinstance(batch, int) else 1, channels, *_crop(config, statistics))


def _crop(config: configs.Config, statistics: MaskStatistics) -> tuple[int, int]:
    """Height and width that the last transform which sets a size leaves, else those of the masks."""
    size = statistics.size
    section = config.get("train_dataset")
    for transform in section.get("transforms") or [] if isinstance(section, dict) else []:
        sides = transform.get("crop_size") or transform.get("target_size") if isinstance(transform, dict) else None
        if isinstance(sides, (list, tuple)) and len(sides) == 2:
            size = (int(sides[1]), int(sides[0]))
    return size
