"""Weights for the gaps between cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import OptionError
from ..functional.border_weights import gap_weights, separated
from ..functional.components import components
from ..i18n import _
from .label_maps import LabelMaps


class BorderWeights(LabelMaps):
    """Adds the weight map of U-Net to a sample, as `border_weights`: narrow gaps between cells weigh most.

    The weight of a pixel is `w_c + w0 exp(-(d1 + d2)^2 / (2 sigma^2))`, the second term between the cells alone; d1 and
    d2 are the distances to the two nearest cells. Losses that take a `pixel_weight` find it. A cell is a component of
    one class other than the background.

    Args:
        num_classes: channels of the model; 1 means the foreground, label 1, alone.
        w0: the weight of a gap without width.
        sigma: width of the gaps, in pixels, at which it has fallen to 0.6 of that.
        class_weight: w_c, a number for each label, the background first; 1 for all if None.
        connectivity: how many axes two neighbours in a cell may differ in; None is as many as there are.
        ids: whether a label holds a number for each cell instead of its class. It becomes 1 in the cells and 0
            elsewhere, also in a gap of one pixel between cells that touch.
        ignore_index: label of pixels to leave out, if it is none beyond the classes; with `ids`, if there is one.
        keep: labels whose weights are remembered, for training without random crops, flips or scales: they are found
            again by the labels' content. Each takes 4 bytes a pixel, in every worker.
    """

    KEY = "border_weights"

    def __init__(
        self,
        num_classes: int,
        w0: float = 10.0,
        sigma: float = 5.0,
        class_weight: Sequence[float] | None = None,
        connectivity: int | None = None,
        ids: bool = False,
        ignore_index: int | None = None,
        keep: int = 0,
    ) -> None:
        super().__init__(num_classes, -1 if ignore_index is None else ignore_index, keep)
        needless = _("leave out what you do not need: only num_classes has no default")
        if connectivity is not None and connectivity < 1:
            raise OptionError(f"BorderWeights: connectivity={connectivity!r}.", "connectivity >= 1", needless)
        right = class_weight is None or (len(class_weight) == self.classes and min(class_weight) >= 0)
        if not (w0 >= 0 and sigma > 0 and right) or (ids and self.classes > 2):
            raise OptionError(
                _(
                    "BorderWeights: w0={w0}, sigma={sigma}, class_weight={weights}, ids={ids}, num_classes={count}.",
                    w0=w0,
                    sigma=sigma,
                    weights=class_weight,
                    ids=ids,
                    count=num_classes,
                ),
                _("w0 >= 0, sigma > 0, {count} class weights >= 0; ids with 1 or 2 classes", count=self.classes),
                needless,
            )
        self.w0, self.sigma, self.connectivity, self.ids = float(w0), float(sigma), connectivity, ids
        self.class_weight = None if class_weight is None else np.asarray(class_weight, "float32")

    def relabelled(self, label: Any) -> Any:
        """A label of 0 and 1 of one with a number for each cell."""
        if not self.ids:
            return label
        left_out = label == self.ignore_index
        return np.where(left_out, label, separated(np.where(left_out, 0, label))).astype(label.dtype)

    def of(self, label: Any, spacing: Sequence[float] | None = None) -> dict[str, Any]:
        """The weights of one label `[*S]` of class indices, and a copy of it.

        Args:
            label: class indices.
            spacing: not used; distances are in pixels.
        """
        return {"pixel_weight": self.kept((label,), lambda: self._weights(label)), "weighted_labels": _copy(label)}

    def _weights(self, label: Any) -> Any:
        classes = np.where(self.valid(label), label, 0).astype("int32")
        connectivity = min(self.connectivity or label.ndim, label.ndim)
        gaps = gap_weights(components(classes, connectivity)[0], self.w0, self.sigma)
        return (1 if self.class_weight is None else self.class_weight[classes]) + gaps


def _copy(label: Any) -> Any:
    """In a type that a batch of Paddle can have."""
    return label.astype("int32")
