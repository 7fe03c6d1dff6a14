"""What is known beside a copy of the labels that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from ..i18n import Message, _
from .known import Known, agree, tensor_of

Tensor = Any

LEFT_OUT = -(2**31)  # stands for a pixel without a class


@dataclass
class Tubes(Known):
    """The class of each pixel in a tube, and what `~` makes of it elsewhere."""

    KEY = "tubes"

    tubes: Tensor
    radius: Any
    merged: Any

    @staticmethod
    def encoded(labels: Any, valid: Any, inside: Any) -> Any:
        """Class indices, whether they count, and whether they lie in a tube, as one array of int32."""
        labels = labels.astype("int32")
        return np.where(valid, np.where(inside, labels, ~labels), LEFT_OUT).astype("int32")

    @classmethod
    def read(cls, maps: Mapping[str, Any]) -> Tubes:
        """Of a batch."""
        return cls(tensor_of(maps[cls.KEY]), maps.get("tube", -1), maps.get("merge_classes", -1))

    def find(self, labels: Tensor, valid: Tensor, radius: int, merge: bool, choice: bool) -> Tensor | None:
        """Which pixels lie in a tube, bool of the labels' shape; None if they are those of other labels or options.

        Args:
            labels: class indices, 0 where left out.
            valid: which pixels count.
            radius: steps around the skeleton.
            merge: whether all classes have one skeleton.
            choice: whether that makes a difference.
        """
        tubes = _like(self.tubes, labels)
        if tubes is None or not agree(self.radius, radius) or (choice and not agree(self.merged, merge)):
            return None
        classes = paddle.where(tubes < 0, -1 - tubes, tubes)
        known = tubes != LEFT_OUT
        same = paddle.logical_or(classes == labels.astype("int32"), paddle.logical_not(known))
        if not bool(paddle.logical_and(same, known == valid).all()):
            return None
        self.used = True
        return tubes >= 0

    @property
    def unused(self) -> Message:
        """The options of the transform are those of the loss."""
        return _useless("LabelSkeleton", "tube, merge_classes, num_classes, ignore_index")


@dataclass
class Instances(Known):
    """The number of the instance that each pixel belongs to, from 1 on; 0 where there is none."""

    KEY = "instances"

    instances: Tensor
    labels: Tensor
    connectivity: Any

    @classmethod
    def read(cls, maps: Mapping[str, Any]) -> Instances:
        """Of a batch."""
        numbers = tensor_of(maps[cls.KEY])
        return cls(numbers, tensor_of(maps.get("instance_labels", numbers)), maps.get("connectivity", -1))

    def find(self, labels: Tensor, connectivity: int | None) -> Any:
        """The numbers as an array of the labels' shape; None if they are those of other labels or neighbours.

        Args:
            labels: class indices, 0 where a pixel is no object's or is left out.
            connectivity: how many axes two neighbours may differ in; None is as many as there are.
        """
        numbers, mine = _like(self.instances, labels), _like(self.labels, labels)
        if numbers is None or mine is None or not agree(self.connectivity, connectivity or labels.ndim - 2):
            return None
        if not bool((mine == labels.astype(mine.dtype)).all()):
            return None
        self.used = True
        return numbers.numpy()

    @property
    def unused(self) -> Message:
        """The options of the transform are those of the loss."""
        return _useless("Instances", "connectivity, num_classes, ignore_index")


@dataclass
class Weights(Known):
    """A weight for each pixel."""

    KEY = "pixel_weight"

    weight: Tensor
    labels: Tensor

    @classmethod
    def read(cls, maps: Mapping[str, Any]) -> Weights:
        """Of a batch."""
        weight = tensor_of(maps[cls.KEY])
        return cls(weight, tensor_of(maps.get("weighted_labels", weight)))

    def find(self, labels: Any) -> Tensor | None:
        """Those of labels as a loss is given them; None if they are those of others."""
        if not isinstance(labels, paddle.Tensor):
            return None
        mine = _like(self.labels, labels)
        if mine is None or not bool((mine.astype("int64") == labels.astype("int64")).all()):
            return None
        self.used = True
        return self.weight

    @property
    def unused(self) -> Message:
        """What may have changed the labels."""
        return _(
            "weights of pixels were given, but no loss could use them: a transform after {name} changed the labels, or "
            "no loss takes a pixel_weight",
            name="BorderWeights",
        )


def _like(known: Tensor, labels: Tensor) -> Tensor | None:
    """It in the labels' layout, with or without an axis for the channel; None if it is of another size."""
    shape = list(labels.shape)
    flat = [shape[0], *shape[2:]]
    if list(known.shape) == shape:
        return known
    if shape[1:2] == [1] and list(known.shape) == flat:
        return known.unsqueeze(1)
    return (
        known.squeeze(1) if list(known.shape[1:2]) == [1] and [shape[0], 1, *shape[1:]] == list(known.shape) else None
    )


def _useless(transform: str, options: str) -> Message:
    return _(
        "what {name} has made was given, but no loss could use it: {options} of {name} differ from those of the model "
        "and the losses, or a later transform changed the labels",
        name=transform,
        options=options,
    )
