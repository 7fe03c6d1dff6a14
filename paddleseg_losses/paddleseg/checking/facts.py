"""What the rest of a configuration says about its losses: number of classes, ignored label, kind of problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import MissingDependencyError
from ...i18n import _, listed
from ..config import Config
from ..registration import import_manager
from ..toolkits import MEDICALSEG, toolkit_of
from .outputs import ModelOutputs, outputs_of
from .report import Report

_UNTYPED = ("Dataset", "SegDataset")  # their facts stand in the file, those of all others in the class
_FLAT = ("TransUNet", "SwinUNet")  # MedicalSeg's models that take a volume slice by slice


@dataclass(frozen=True)
class Facts:
    """None is unknown.

    Attributes:
        classes: of the model.
        ignore_index: of the dataset.
        multilabel: whether labels have one channel for each class.
        axes: spatial axes of an image.
        handed_on: whether the trainer hands the dataset's ignore_index on to the entries of `types`.
        handed_deeper: and to the losses in a MixedLoss.
        outputs: of the model while it trains.
        lists: whether a trainer may hand a loss all outputs at once, as the nnU-Net of MedicalSeg does.
    """

    classes: int | None
    ignore_index: int | None
    multilabel: bool
    axes: int = 2
    handed_on: bool = True
    handed_deeper: bool = True
    outputs: ModelOutputs | None = None
    lists: bool = False

    @property
    def gives_logits(self) -> bool:
        """Whether the model is known to give logits, as all of PaddleSeg's do but for some maps of edges."""
        return self.outputs is not None and not self.outputs.special


def facts_of(config: Config, report: Report, use_multilabel: bool = False) -> Facts:
    """Read the facts; what contradicts itself is a mistake, since PaddleSeg stops there."""
    model, train, val = (_section(config, name) for name in ("model", "train_dataset", "val_dataset"))
    data = {"train_dataset": train, "val_dataset": val}
    classes = _said("num_classes", {"model": model, **data})
    ignored = _said("ignore_index", data)
    default: int | None = 255  # of Dataset
    kind, medical = train.get("type"), toolkit_of(config) is MEDICALSEG
    if kind is None:
        report.remark(_("there is no train_dataset here, so the ignore_index of the losses cannot be checked"))
        default = None
    elif kind not in _UNTYPED and not medical:
        dataset = _dataset_class(kind, report)
        classes.update(_said("NUM_CLASSES", {kind: vars(dataset)}))
        ignored.update(_said("IGNORE_INDEX", {kind: vars(dataset)}))
        default = None
    return Facts(
        classes=_agreed("num_classes", classes, None, report),
        ignore_index=_agreed("ignore_index", ignored, default, report),
        multilabel=use_multilabel or bool(_section(config, "test_config").get("use_multilabel")),
        axes=2 if not medical or model.get("type") in _FLAT or train.get("plan2d") else 3,
        handed_on=medical or kind != "SegDataset",
        handed_deeper=not medical and kind != "SegDataset",
        outputs=None if medical else outputs_of(model),
        lists=medical,
    )


def _section(config: Config, name: str) -> dict[str, Any]:
    section = config.get(name)
    return section if isinstance(section, dict) else {}


def _said(name: str, sections: dict[str, Any]) -> dict[str, Any]:
    return {section: content[name] for section, content in sections.items() if name in content}


def _agreed(name: str, said: dict[str, Any], default: int | None, report: Report) -> int | None:
    values = list(said.values()) or [default]
    if all(value == values[0] for value in values):
        if isinstance(values[0], list):
            report.mistake(
                (name,),
                _("it is {values}.", values=values[0]),
                _("one number: PaddleSeg compares labels with it"),
                _("write the others as this one in the masks; a list is for losses in a loop of your own"),
            )
        return values[0] if isinstance(values[0], int) else None
    values_in = listed(_("{value} in {section}", value=value, section=section) for section, value in said.items())
    report.mistake(
        (name,),
        _("it is {values}.", values=values_in),
        _("the same {name} everywhere", name=name),
        _("make them equal"),
    )
    return None


class _Unknown:
    """A dataset about which nothing is known."""


def _dataset_class(kind: str, report: Report) -> type:
    try:
        return import_manager().DATASETS.components_dict[kind]  # type: ignore[no-any-return]
    except MissingDependencyError:
        report.remark(
            _("PaddleSeg is not installed: ignore_index and classes of the dataset {name} are unknown", name=kind)
        )
    except KeyError:
        report.remark(_("PaddleSeg has no dataset {name}: its ignore_index and classes are unknown", name=kind))
    return _Unknown
