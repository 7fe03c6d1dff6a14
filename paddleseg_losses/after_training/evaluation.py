"""The scores of a model on the validation images: by image and class, and over all pixels."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from ..errors import DataError
from ..i18n import Text, _
from ..paddleseg.display import Display
from ..paddleseg.evaluation import class_names
from ..paddleseg.inference import Inference
from ..paddleseg.loading import Loader
from ..scoring import TITLES, mean, pooled, ratios, score_channels, score_image
from .roc import RocCurves

Array = Any
CONVENTIONS = (
    _("Mean over images: a class that neither the labels nor the prediction of an image hold is left out."),
    _("HD95 and surface Dice are in pixels: boundaries are 4-connected, and the tolerance is one pixel. A class that "
      "only one side holds costs the diagonal of the image, and has a surface Dice and a clDice of 0."),
    _("Pooled: the pixels of all images are counted together, as PaddleSeg does it. Ignored pixels never count."),
)  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        names: of the classes; one channel has two, the background and itself.
        images: as the list of the dataset names them.
        counts: what `score_image` gives for each image, `[images, classes]`.
        first_object: the first class that is no background: 1, or 0 where the labels do not exclude each other.
        foreign: values of the labels that are no class, and not ignored: every prediction is wrong there.
        auc_roc: of each class, over the pixels of all images.
    """

    names: Sequence[Text]
    images: Sequence[str]
    counts: dict[str, Array]
    first_object: int
    foreign: Sequence[int] = ()
    auc_roc: Array | None = None

    @cached_property
    def by_image(self) -> dict[str, Array]:
        """Every metric, `[images, classes]`."""
        return ratios(self.counts)

    @cached_property
    def means(self) -> dict[str, Array]:
        """Mean over the images that hold a class, `[classes]`."""
        return {name: mean(values, axis=0) for name, values in self.by_image.items()}

    @cached_property
    def pooled(self) -> dict[str, Array]:
        """Over the pixels of all images, `[classes]`."""
        return {**pooled(self.counts), **({} if self.auc_roc is None else {"auc_roc": self.auc_roc})}

    @cached_property
    def occurrences(self) -> Array:
        """Of how many images the labels or the prediction hold a class."""
        return (~np.isnan(self.by_image["dice"])).sum(axis=0)

    @property
    def never_predicted(self) -> list[Text]:
        """The classes that the labels hold, but no prediction."""
        counts = {name: values.sum(axis=0) for name, values in self.counts.items()}
        missed = (counts["tp"] + counts["fp"] == 0) & (counts["fn"] > 0)
        return [name for name, is_missed in zip(self.names, missed) if is_missed]

    @cached_property
    def dice(self) -> Array:
        """Mean Dice of an image over its classes without the background; NaN if it has none."""
        return mean(self.by_image["dice"][:, self.first_object :], axis=1)

    @property
    def ranking(self) -> list[int]:
        """The images from best to worst, without those that hold nothing."""
        known = np.flatnonzero(~np.isnan(self.dice))
        return [int(i) for i in known[np.argsort(-self.dice[known], kind="stable")]]

    def rows(self) -> Iterator[tuple[Text, dict[str, float], dict[str, float], int | None]]:
        """Of every class, and then their means: its name, means over images, pooled metrics, images that hold it."""
        for c, name in enumerate(self.names):
            yield name, _column(self.means, c), _column(self.pooled, c), int(self.occurrences[c])
        groups: list[tuple[Text, int]] = [(_("mean"), 0)]
        if self.first_object and len(self.names) > 2:
            groups.append((_("mean without {name}", name=self.names[0]), 1))
        for title, first in groups:
            means, over_all = (
                {name: mean(values[first:]) for name, values in table.items()} for table in (self.means, self.pooled)
            )
            yield title, means, over_all, None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        keys = ("name", "mean_over_images", "pooled", "images")
        rows = [dict(zip(keys, (str(row[0]), *row[1:]))) for row in self.rows()]
        classes = len(self.names)
        return {
            "images": len(self.images),
            "classes": rows[:classes],
            "means": [{name: value for name, value in row.items() if name != "images"} for row in rows[classes:]],
            "labels_of_no_class": list(self.foreign),
            "never_predicted": list(map(str, self.never_predicted)),
            "conventions": [str(text) for text in CONVENTIONS],
        }

    def write_csv(self, path: Path) -> Path:
        """A line for each image and class; a metric that is not defined is empty."""
        metrics = [name for name in TITLES if name in self.by_image]
        counts = ("tp", "fp", "fn", "tn")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # with a mark: Excel reads Chinese names
            table = csv.writer(file)
            table.writerow(["image", "class", "name", *metrics, *counts])
            for i, image in enumerate(self.images):
                for c, name in enumerate(self.names):
                    values = [float(self.by_image[metric][i, c]) for metric in metrics]
                    numbers = ["" if np.isnan(value) else f"{value:.6g}" for value in values]
                    table.writerow([image, c, name, *numbers, *(int(self.counts[count][i, c]) for count in counts)])
        return path


def evaluate(
    model: Any,
    dataset: Any,
    how: Inference | None = None,
    *,
    cldice: bool = False,
    auc_roc: bool = False,
    num_workers: int = 0,
    display: Display | None = None,
) -> Evaluation:
    """Score a model on all images of a dataset of PaddleSeg.

    Args:
        model: in evaluation mode.
        dataset: in the mode `val`.
        how: to predict.
        cldice: whether to compare skeletons too.
        auc_roc: whether to compute the area under the ROC curve.
        num_workers: processes that load data.
        display: what shows how far it is.

    Raises:
        DataError: an image or a mask cannot be read, or they do not fit together.
    """
    how, scores, foreign = how or Inference(), [], set()
    curve = RocCurves(1 if how.use_multilabel else 0) if auc_roc else None
    batches = Loader(
        dataset, batch_sampler=paddle.io.BatchSampler(dataset=dataset, batch_size=1), num_workers=num_workers
    )
    for index, batch in enumerate(batches):
        logits = how.logits(model, batch["img"], batch["trans_info"])
        guess = how.labels(logits)
        truth = truth_like(guess, batch["label"].numpy(), dataset, index)
        if curve:
            curve.add(how.probabilities(logits), truth, dataset.ignore_index)
        scores.append(score(guess, truth, dataset, how, cldice=cldice))
        values = np.unique(truth)
        outside = (values < 0) | (values >= _labels(dataset, how))
        foreign.update(values[outside & (values != dataset.ignore_index)].tolist())
        if display:
            display.evaluating(index + 1, len(dataset))
    counts = {name: np.stack([each[name] for each in scores]) for name in scores[0]}
    images = [image_name(dataset, index) for index in range(len(dataset))]
    return Evaluation(
        names_of(dataset, how),
        images,
        counts,
        0 if how.use_multilabel else 1,
        sorted(foreign),
        curve.areas() if curve else None,
    )


def names_of(dataset: Any, how: Inference) -> Sequence[Text]:
    """Of the classes; a single label has no background beside it."""
    names = class_names(dataset)
    return names[-dataset.num_classes :] if how.use_multilabel else names


def score(
    guess: Array, truth: Array, dataset: Any, how: Inference, *, distances: bool = True, cldice: bool = False
) -> dict[str, Array]:
    """The numbers of one image, `[classes]`."""
    ignored = dataset.ignore_index
    if how.use_multilabel:
        return score_channels(guess, truth, ignored, distances=distances, cldice=cldice)
    return score_image(guess, truth, _labels(dataset, how), ignored, distances=distances, cldice=cldice)


def truth_like(guess: Array, label: Array, dataset: Any, index: int) -> Array:
    """The label of an image without the axes that PaddleSeg puts before it; it must be as large as the prediction."""
    truth = label.reshape(label.shape[-guess.ndim :]) if label.ndim >= guess.ndim else label
    if truth.shape != guess.shape:
        raise DataError(
            _(
                "{image}: its label has the shape {label}, the prediction {guess}.",
                image=image_name(dataset, index), label=list(truth.shape), guess=list(guess.shape),
            ),
            _("a mask that is as large as its image, with a channel for each label if the labels are several"),
            _("correct the mask, or the transforms of val_dataset; `paddleseg-losses doctor` looks at all files"),
        )  # fmt: skip
    return truth.astype(np.int64)


def image_name(dataset: Any, index: int) -> str:
    """As the list has it, if there is one."""
    listed = getattr(dataset, "file_list", None)
    entry = listed[index] if listed and index < len(listed) else None
    path = entry[0] if isinstance(entry, (list, tuple)) else entry
    if not isinstance(path, (str, Path)):
        return str(index)
    root = getattr(dataset, "dataset_root", None) or "."
    return (Path(path).relative_to(root) if Path(path).is_relative_to(root) else Path(path)).as_posix()


def _labels(dataset: Any, how: Inference) -> int:
    """How many values labels can have."""
    return 2 if how.use_multilabel else max(dataset.num_classes, 2)


def _column(table: dict[str, Array], c: int) -> dict[str, float]:
    return {name: float(values[c]) for name, values in table.items()}
