"""Labels of data sets that annotate some of the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from ..errors import DataError, OptionError
from ..i18n import _
from ..sample_files import current_files


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
        self.classes, self.files, self.ignore_index = _classes(annotated), files, ignore_index
        self.label = next(iter(_classes(label)), -1)
        taken = {*self.classes.values(), ignore_index}
        named = {self.label, *self.classes.values()}
        if not self.classes or self.label in taken or not all(0 <= each <= 255 for each in named):
            raise OptionError(
                f"PartialLabels: annotated={annotated!r}, label={label!r}.",
                _("whole numbers from 0 to 255, and a label that is neither one of the classes nor ignored"),
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


def _classes(given: Any) -> dict[int, int]:
    """The model's class of each label of the data set; nothing of what is no whole number."""
    try:
        pairs = given.items() if isinstance(given, Mapping) else [(c, c) for c in np.atleast_1d(given)]
        read = {float(str(own)): float(str(c)) for own, c in pairs}
    except ValueError:
        return {}
    whole = all(number.is_integer() for pair in read.items() for number in pair)
    return {int(own): int(c) for own, c in read.items()} if whole else {}
