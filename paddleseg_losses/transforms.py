"""Transforms of labels for PaddleSeg's data pipeline, under dotted names once `register()` has run.

`DistanceMaps` computes the distance maps of the labels in the workers that load the data, while the model trains:

    train_dataset:
      transforms:
        - type: RandomHorizontalFlip
        - type: Normalize
        - type: paddleseg_losses.DistanceMaps   # last: after everything that moves pixels
          num_classes: 4

`BoundaryLoss`, `DistancePenalizedCELoss` and `HausdorffDTLoss` find them under our commands `train` and `run`. In a
loop of your own, `known_maps` hands them on:

    for data in paddle.io.DataLoader(dataset, num_workers=4):
        with known_maps(data["distance_maps"]):
            loss = criterion(model(data["img"]), data["label"])

The values are the same with and without: the maps are compared with the labels, pixel by pixel, before they are used.
For multilabel problems make them with `signed_maps`. `ShapeAwareLoss` measures from contour to contour, which these
maps do not tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from .errors import DataError, OptionError
from .functional.edt import host_map
from .i18n import _
from .known_spacing import known_spacing as known_spacing
from .precomputed_maps import known_maps as known_maps
from .sample_files import current_files

KEY = "distance_maps"  # of a sample and of a batch


class DistanceMaps:
    """Adds the signed distance maps of a label to a sample, as `distance_maps`.

    Args:
        num_classes: channels of the model; 1 means the foreground, label 1, alone.
        spacing: that of the losses: size of a pixel along each axis, 1 if None.
        ignore_index: label of pixels to leave out, that of the dataset.
        keep: labels whose maps are remembered, for training without random crops, flips or scales: they are found
            again by the labels' content. Each takes 4 bytes a pixel and class, in every worker.
    """

    def __init__(
        self, num_classes: int, spacing: float | Sequence[float] | None = None, ignore_index: int = 255, keep: int = 0
    ) -> None:
        if num_classes < 1 or keep < 0:
            raise OptionError(
                f"DistanceMaps: num_classes={num_classes!r}, keep={keep!r}.",
                "num_classes >= 1, keep >= 0",
                _("set num_classes to the number of channels of the model"),
            )
        self.num_classes, self.ignore_index, self.keep = num_classes, ignore_index, keep
        self.spacing = None if spacing is None else np.atleast_1d(np.asarray(spacing, "float64"))
        self._kept: dict[tuple[Any, ...], Any] = {}

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        """A sample of PaddleSeg with the maps of its label, if it has one."""
        if "label" in data:
            data[KEY] = self.of(np.asarray(data["label"]))
        return data

    def of(self, label: Any, spacing: Sequence[float] | None = None) -> dict[str, Any]:
        """The maps of one label `[*S]` of class indices: `signed` float32 `[C, *S]`, and their `spacing`.

        Args:
            label: class indices.
            spacing: that of this label, if the transform has none of its own.
        """
        steps = self._spacing(label.ndim, spacing)
        key = (label.shape, label.dtype.str, label.tobytes(), *steps) if self.keep else ()
        if key not in self._kept:
            signed = self._signed(label, steps)
            if not self.keep:
                return {"signed": signed, "spacing": steps}
            while len(self._kept) >= self.keep:
                del self._kept[next(iter(self._kept))]  # the oldest
            self._kept[key] = signed
        return {"signed": self._kept[key], "spacing": steps}

    def _spacing(self, axes: int, own: Sequence[float] | None) -> Any:
        given = self.spacing if self.spacing is not None or own is None else np.asarray(own, "float64")
        spacing = np.ones(axes) if given is None else given
        if len(spacing) not in (1, axes) or not (spacing > 0).all():
            raise OptionError(
                _(
                    "{name}: spacing={spacing} for a label with {axes} axes.",
                    name="DistanceMaps",
                    spacing=spacing.tolist(),
                    axes=axes,
                ),
                _("one number > 0, or {axes} in the order of the axes", axes=axes),
                _("use the spacing of the losses"),
            )
        return np.broadcast_to(spacing, [axes]).copy()

    def _signed(self, label: Any, spacing: Any) -> Any:
        classes = [1] if self.num_classes == 1 else range(self.num_classes)
        return signed_maps(np.stack([(label == c) & (label != self.ignore_index) for c in classes]), spacing.tolist())


def signed_maps(masks: Any, spacing: Sequence[float] | None = None) -> Any:
    """Distance to the boundary of bool masks `[C, *S]`, as float32: positive inside, negative outside.

    A batch of them is `signed` of `known_maps`. A mask that is full or empty has no boundary: inf or -inf.
    """
    distance = host_map(masks, spacing)
    distance[distance == 0] = np.inf
    return np.negative(distance, out=distance, where=np.logical_not(masks))


class Foreground:
    """Makes labels of 0 and 1 for a model of one channel: 1 where the label is one of some classes.

    Args:
        classes: the labels that become 1; a number or a list. `[255]` reads masks of 0 and 255.
        ignore_index: label of pixels to leave out, which stay what they are unless `classes` holds it.
    """

    def __init__(self, classes: int | Sequence[int], ignore_index: int = 255) -> None:
        self.classes, self.ignore_index = [int(c) for c in np.atleast_1d(classes)], ignore_index

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        """A sample of PaddleSeg with its label made anew, if it has one."""
        if "label" in data:
            label = np.asarray(data["label"])
            merged = np.isin(label, self.classes).astype(label.dtype)
            left_out = (label == self.ignore_index) & (self.ignore_index not in self.classes)
            data["label"] = np.where(left_out, label, merged)
        return data


class Multilabel:
    """Makes labels that do not exclude each other: a channel of 0 and 1 for each set of classes, `[C, H, W]`.

    It comes last: transforms that move pixels want labels `[H, W]`.

    Args:
        sets: the classes of each channel, such as `[[1, 2, 3], [2, 3], [3]]` for parts within parts.
        ignore_index: label of pixels to leave out, in every channel.
    """

    def __init__(self, sets: Sequence[int | Sequence[int]], ignore_index: int = 255) -> None:
        if not sets:
            raise OptionError(
                f"Multilabel: sets={sets!r}.",
                _("a set of classes for each channel"),
                _("write for example {code}", code="[[1, 2], [2]]"),
            )
        self.channels = [Foreground(classes, ignore_index) for classes in sets]

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        """A sample of PaddleSeg with its label made anew, if it has one."""
        if "label" in data:
            data["label"] = np.stack([channel({"label": data["label"]})["label"] for channel in self.channels])
        return data


class PartialLabels:
    """Marks what a data set leaves open that annotates some of the model's classes: such pixels get the label of a set.

    In a data set that annotates the classes 1 and 2 of 0 to 4, what is not 1 or 2 may be 0, 3 or 4. With `label: 250`
    here, a loss with `label_sets: {250: [0, 3, 4]}` learns just that. Data sets are joined in one list, with one such
    transform for each, which knows its own by their path.

    Args:
        annotated: the classes that the data set annotates; a mapping where its own labels are others, such as
            `{1: 3}` where its label 1 is the model's class 3.
        label: what every other pixel becomes.
        files: pattern of its masks' paths, compared from the right: `clinic_a/*.png`, `a_*`; None if all are its own.
        ignore_index: label of pixels to leave out, which stay what they are.
    """

    def __init__(
        self,
        annotated: Sequence[int] | Mapping[int, int],
        label: int = 250,
        files: str | None = None,
        ignore_index: int = 255,
    ) -> None:
        pairs = annotated.items() if isinstance(annotated, Mapping) else [(c, c) for c in np.atleast_1d(annotated)]
        self.classes = {int(own): int(c) for own, c in pairs}
        self.label, self.files, self.ignore_index = int(label), files, ignore_index
        if not self.classes or self.label in {*self.classes.values(), ignore_index} or not 0 <= self.label <= 255:
            raise OptionError(
                f"PartialLabels: annotated={annotated!r}, label={label!r}.",
                _("classes, and a label from 0 to 255 that is neither one of them nor ignored"),
                _("write for example {code}", code="annotated: [1, 2], label: 250"),
            )

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        """A sample of PaddleSeg with its label made anew, if it has one and is of the data set."""
        if "label" in data and self._is_meant():
            label = np.asarray(data["label"])
            data["label"] = np.where(label == self.ignore_index, label, np.asarray(self.label, label.dtype))
            for own, c in self.classes.items():
                data["label"][label == own] = c
        return data

    def _is_meant(self) -> bool:
        """Whether the sample that is being read is of the data set."""
        if self.files is None:
            return True
        files = current_files()
        if not files:
            raise DataError(
                _("PartialLabels has files={files!r}, but nobody says which file a sample is from.", files=self.files),
                _("a sample that our loader reads"),
                _("train with {command}, or wrap the reading in {code}", command="`paddleseg-losses train`",
                  code="`with paddleseg_losses.sample_files.reading([image, mask])`"),
            )  # fmt: skip
        return PurePath(files[-1].replace("\\", "/")).match(self.files)


TRANSFORMS = (DistanceMaps, Foreground, Multilabel, PartialLabels)
