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
