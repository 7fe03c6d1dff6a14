"""The distance maps of the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import OptionError
from ..functional.edt import host_map
from ..i18n import _
from .label_maps import LabelMaps


class DistanceMaps(LabelMaps):
    """Adds the signed distance maps of a label to a sample, as `distance_maps`.

    Args:
        num_classes: channels of the model; 1 means the foreground, label 1, alone.
        spacing: that of the losses: size of a pixel along each axis, 1 if None.
        ignore_index: label of pixels to leave out, that of the dataset.
        keep: labels whose maps are remembered, for training without random crops, flips or scales: they are found
            again by the labels' content. Each takes 4 bytes a pixel and class, in every worker.
    """

    KEY = "distance_maps"

    def __init__(
        self, num_classes: int, spacing: float | Sequence[float] | None = None, ignore_index: int = 255, keep: int = 0
    ) -> None:
        super().__init__(num_classes, ignore_index, keep)
        self.spacing = None if spacing is None else np.atleast_1d(np.asarray(spacing, "float64"))

    def of(self, label: Any, spacing: Sequence[float] | None = None) -> dict[str, Any]:
        """The maps of one label `[*S]` of class indices: `signed` float32 `[C, *S]`, and their `spacing`.

        Args:
            label: class indices.
            spacing: that of this label, if the transform has none of its own.
        """
        steps = self._spacing(label.ndim, spacing)
        return {"signed": self.kept((label, *steps), lambda: self._signed(label, steps)), "spacing": steps}

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
