"""The skeletons of the labels, and their objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import OptionError
from ..functional.components import components
from ..functional.thinning import host_tubes
from ..i18n import _
from ..precomputed_maps import Tubes
from .label_maps import LabelMaps


class LabelSkeleton(LabelMaps):
    """Adds the tubes around the skeletons of a label to a sample, as `label_skeleton`: for `SkeletonRecallLoss`.

    Args:
        num_classes: channels of the model; 1 means the foreground, label 1, alone.
        tube: that of the loss: steps around the skeleton that the tube reaches.
        merge_classes: that of the loss: whether all classes but the background have one skeleton.
        multilabel: whether the first axis of a label holds the channels, as `Multilabel` makes them.
        ignore_index: label of pixels to leave out, that of the dataset.
        keep: labels whose tubes are remembered, for training without random crops, flips or scales: they are found
            again by the labels' content. Each takes 4 bytes a pixel, in every worker.
    """

    KEY = "label_skeleton"

    def __init__(
        self,
        num_classes: int,
        tube: int = 2,
        merge_classes: bool = True,
        multilabel: bool = False,
        ignore_index: int = 255,
        keep: int = 0,
    ) -> None:
        super().__init__(num_classes, ignore_index, keep)
        if tube < 0:
            raise OptionError(f"LabelSkeleton: tube={tube!r}.", "tube >= 0", _("use that of the loss"))
        self.tube, self.merge_classes, self.multilabel = tube, merge_classes, multilabel

    def of(self, label: Any, spacing: Sequence[float] | None = None) -> dict[str, Any]:
        """The tubes of one label `[*S]` of class indices, or `[C, *S]` of 0 and 1.

        Args:
            label: class indices.
            spacing: not used; skeletons are counted in pixels.
        """
        tubes = self.kept((label,), lambda: self._tubes(label))
        return {"tubes": tubes, "tube": self.tube, "merge_classes": self.merge_classes}

    def _tubes(self, label: Any) -> Any:
        planes = label if self.multilabel else label[None]
        valid = self.valid(label)
        labels = np.where(valid.reshape(planes.shape), planes, -1).astype("int32")
        inside = host_tubes(labels, self.classes, -1, self.tube, self.merge_classes)
        return Tubes.encoded(label, valid, inside.reshape(label.shape) > 0)

    @property
    def classes(self) -> int:
        """Number of values that a label can have."""
        return 2 if self.multilabel else super().classes


class Instances(LabelMaps):
    """Adds the numbers of the objects in a label to a sample, as `instances`: connected pixels of one class.

    Args:
        num_classes: channels of the model; 1 means the foreground, label 1, alone.
        connectivity: that of the loss: how many axes two neighbours may differ in, 1 for direct neighbours alone; None
            is as many as there are.
        multilabel: whether the first axis of a label holds the channels, as `Multilabel` makes them.
        ignore_index: label of pixels to leave out, that of the dataset.
        keep: labels whose objects are remembered, for training without random crops, flips or scales: they are found
            again by the labels' content. Each takes 4 bytes a pixel, in every worker.
    """

    KEY = "instances"

    def __init__(
        self,
        num_classes: int,
        connectivity: int | None = None,
        multilabel: bool = False,
        ignore_index: int = 255,
        keep: int = 0,
    ) -> None:
        super().__init__(num_classes, ignore_index, keep)
        if connectivity is not None and connectivity < 1:
            raise OptionError(
                f"Instances: connectivity={connectivity!r}.", "connectivity >= 1", _("use that of the loss")
            )
        self.connectivity, self.multilabel = connectivity, multilabel

    def of(self, label: Any, spacing: Sequence[float] | None = None) -> dict[str, Any]:
        """The numbers of the objects, int32 `[*S]` from 1 on and 0 outside; of each channel of a multilabel problem.

        Args:
            label: class indices `[*S]`, or `[C, *S]` of 0 and 1.
            spacing: not used; neighbours are pixels.
        """
        labels = np.where(self.valid(label), label, 0).astype("int32")
        planes = labels if self.multilabel else labels[None]
        connectivity = min(self.connectivity or planes.ndim - 1, planes.ndim - 1)
        numbers = self.kept((labels,), lambda: np.stack([components(plane, connectivity)[0] for plane in planes]))
        return {
            "instances": numbers.reshape(label.shape),
            "instance_labels": labels,
            "connectivity": connectivity,
        }

    @property
    def classes(self) -> int:
        """Number of values that a label can have."""
        return 2 if self.multilabel else super().classes
