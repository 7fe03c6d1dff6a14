"""The labels of MedicalSeg's volumes: arrays in .npy files, on lists whose names it fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConfigError
from ..i18n import Text, _
from ..paddleseg.file_lists import read_list


@dataclass(frozen=True)
class Volumes:
    """Reads labels as MedicalSeg does, which makes them integers; as rows, since only their values count here."""

    paths: Sequence[Path]

    def __call__(self, index: int) -> Any:
        """The labels of one volume."""
        labels = np.load(self.paths[index], allow_pickle=False)
        if labels.dtype.kind == "f" and (labels == np.rint(labels)).all():
            labels = labels.astype("int64")
        return labels.reshape(len(labels), -1)


def read_volumes(title: Text, config: dict[str, Any], part: str) -> tuple[list[str], Volumes]:
    """Names of the label files of a part of the data, and what reads them.

    Raises:
        ConfigError: the section names no folder, or a dataset that makes its data itself.
        DataError: there is no list, or it lists nothing.
    """
    section = config[f"{part}_dataset"]
    if section["type"] == "MSDDataset":
        raise ConfigError(
            _("{title}: MSDDataset plans and preprocesses its data itself.", title=title),
            _("a dataset of MedicalSeg that reads lists of .npy files"),
            _("`paddleseg-losses check` looks at the losses; the data is first seen when the training starts"),
        )
    if not isinstance(section.get("dataset_root"), str):
        key = "dataset_root"
        raise ConfigError(
            _("{title} has no {key}.", title=title, key=key), _("a path as {key}", key=key), _("add {key}", key=key)
        )
    root = Path(str(config["data_root"])) / section["dataset_root"]
    entries = read_list(root / f"{part}_list.txt", " ", root).entries
    return [entry.mask for entry in entries], Volumes([root / entry.mask for entry in entries])
