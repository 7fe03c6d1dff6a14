"""Per-class Dice and IoU of a trained model, from the areas that PaddleSeg's `evaluate` counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..i18n import ENGLISH, Text, _, speaking
from .file_lists import lines_of
from .shims import module, swapped


@dataclass(frozen=True)
class ClassScore:
    """One class; both scores are None if neither the labels nor the predictions hold it."""

    name: Text
    dice: float | None
    iou: float | None


@dataclass(frozen=True)
class Scores:
    """One evaluation."""

    images: int
    accuracy: float
    kappa: float
    classes: tuple[ClassScore, ...]

    @property
    def mean_dice(self) -> float:
        """Mean over the classes that occur."""
        return _mean([c.dice for c in self.classes])

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that occur."""
        return _mean([c.iou for c in self.classes])

    def as_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        with speaking(ENGLISH):
            classes = [{"name": str(c.name), "dice": c.dice, "iou": c.iou} for c in self.classes]
        means = {"mean_dice": self.mean_dice, "mean_iou": self.mean_iou}
        return {"images": self.images, "accuracy": self.accuracy, "kappa": self.kappa, **means, "classes": classes}

    def __str__(self) -> str:
        """A table of the scores by class."""
        scores = [(str(c.name), _number(c.dice), _number(c.iou)) for c in self.classes]
        mean = str(_("mean")), _number(self.mean_dice), _number(self.mean_iou)
        rows = [(str(_("class")), "Dice", "IoU"), *scores, mean]
        width = max(_width(row[0]) for row in rows)
        return "\n".join(f"{name}{' ' * (width - _width(name))}{dice:>9}{iou:>9}" for name, dice, iou in rows)


def evaluate(model: Any, dataset: Any, **options: Any) -> Scores:
    """Evaluate a model with PaddleSeg; the classes are named by the `labels.txt` of the dataset, if it has one."""
    metrics = module("utils.metrics")
    areas: list[Any] = []
    mean_iou = metrics.mean_iou

    def recording(*counted: Any) -> Any:
        areas[:] = [area.numpy().astype(float) for area in counted]
        return mean_iou(*counted)

    with swapped((metrics, "mean_iou", recording)):
        evaluated = module("core").evaluate(model, dataset, **options)
    names = class_names(dataset)
    classes = [_score(name, *numbers) for name, *numbers in zip(names, *areas)]
    return Scores(len(dataset), float(evaluated[1]), float(evaluated[4]), tuple(classes))


def class_names(dataset: Any) -> Sequence[Text]:
    """One name per class: the lines of `labels.txt` in the dataset's folder if they are as many, else numbers.

    One class, that is one channel and a sigmoid, has two: the background and itself.
    """
    file = Path(getattr(dataset, "dataset_root", None) or ".") / "labels.txt"
    names = [line for line in lines_of(file) if line] if file.is_file() else []
    if dataset.num_classes == 1:
        return names if len(names) == 2 else [_("background"), _("foreground")]
    return (
        names
        if len(names) == dataset.num_classes
        else [_("class {index}", index=c) for c in range(dataset.num_classes)]
    )


def _score(name: Text, common: float, guessed: float, true: float) -> ClassScore:
    if guessed + true == 0:  # PaddleSeg counts such a class as 0 or as 1, depending on its version
        return ClassScore(name, None, None)
    return ClassScore(name, 2 * common / (guessed + true), common / (guessed + true - common))


def _mean(numbers: list[float | None]) -> float:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else 0.0


def _number(score: float | None) -> str:
    return "-" if score is None else f"{score:.4f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
