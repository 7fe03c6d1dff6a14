"""Reading masks one by one, in processes of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from ..paddleseg.loading import read_sample
from ..sample_files import reading


@dataclass(frozen=True)
class Pictures:
    """Reads a mask as PaddleSeg does: the indices of a palette, not its colors."""

    paths: list[str]

    def __call__(self, index: int) -> Any:
        """The mask of a number."""
        from PIL import Image

        with Image.open(self.paths[index]) as picture:
            return np.asarray(picture)


@dataclass(frozen=True)
class Samples:
    """Reads through a dataset of PaddleSeg, which may change labels as it reads them (ADE20K subtracts 1)."""

    dataset: Any

    def __call__(self, index: int) -> Any:
        """The mask of a number."""
        label = np.asarray(read_sample(self.dataset, index)["label"])
        return label[0] if label.ndim == 3 and label.shape[0] == 1 else label


@dataclass(frozen=True)
class Transformed:
    """Reads labels as a transform of ours makes them."""

    read: Callable[[int], Any]
    transform: Callable[[dict[str, Any]], dict[str, Any]]
    names: list[str]

    def __call__(self, index: int) -> Any:
        """The mask of a number."""
        with reading([self.names[index]]):
            return self.transform({"label": self.read(index)})["label"]
