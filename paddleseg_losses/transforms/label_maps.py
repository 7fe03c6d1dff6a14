"""What the transforms share that compute something of a label and add it to its sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Callable, ClassVar

import numpy as np

from ..errors import OptionError
from ..i18n import _


class LabelMaps(ABC):
    """Adds what labels alone tell to a sample, for losses that need it: in the workers that load the data.

    Args:
        num_classes: channels of the model; 1 means the foreground, label 1, alone.
        ignore_index: label of pixels to leave out, that of the dataset.
        keep: labels whose maps are remembered, for training without random crops, flips or scales: they are found
            again by the labels' content.
    """

    KEY: ClassVar[str]  # of a sample and of a batch

    def __init__(self, num_classes: int, ignore_index: int, keep: int) -> None:
        if num_classes < 1 or keep < 0:
            raise OptionError(
                f"{type(self).__name__}: num_classes={num_classes!r}, keep={keep!r}.",
                "num_classes >= 1, keep >= 0",
                _("set num_classes to the number of channels of the model"),
            )
        self.num_classes, self.ignore_index, self.keep = num_classes, ignore_index, keep
        self._kept: dict[tuple[Any, ...], Any] = {}

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        """A sample of PaddleSeg with the maps of its label, if it has one."""
        if "label" in data:
            data = self.relabel(data)
            data[self.KEY] = self.of(data["label"])
        return data

    def relabel(self, data: dict[str, Any]) -> dict[str, Any]:
        """A sample with the label that it gets, without the maps."""
        data["label"] = self.relabelled(np.asarray(data["label"]))
        return data

    @abstractmethod
    def of(self, label: Any, spacing: Sequence[float] | None = None) -> dict[str, Any]:
        """The maps of one label.

        Args:
            label: class indices `[*S]`.
            spacing: that of this label, if the transform has none of its own.
        """

    def relabelled(self, label: Any) -> Any:
        """The label that a sample gets; its maps are those of this one."""
        return label

    @property
    def classes(self) -> int:
        """Number of values that a label can have."""
        return max(self.num_classes, 2)

    def valid(self, label: Any) -> Any:
        """Which pixels have a class."""
        return (label >= 0) & (label < self.classes) & (label != self.ignore_index)

    def kept(self, of: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` returns, which is remembered by a label and more numbers."""
        if not self.keep:
            return make()
        label, *more = of
        key = (label.shape, label.dtype.str, label.tobytes(), *more)
        if key not in self._kept:
            made = make()
            while len(self._kept) >= self.keep:
                del self._kept[next(iter(self._kept))]  # the oldest
            self._kept[key] = made
        return self._kept[key]
