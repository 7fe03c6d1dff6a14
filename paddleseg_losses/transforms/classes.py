"""Labels made anew: other classes, or a channel for each set of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import OptionError
from ..i18n import _


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
