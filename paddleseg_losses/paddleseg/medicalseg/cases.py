"""What a dataset of MedicalSeg knows of each case besides image and label: its spacing, and maps if they are wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Callable

import numpy as np
import paddle

from ...known_spacing import known_spacing
from ...precomputed_maps import known_maps
from ...transforms import KEYS, LabelMaps

SPACING = "spacing"


def with_facts(dataset: Any) -> Any:
    """A dataset whose samples end in a mapping of facts, if it is one of MedicalSeg's; any other as it is."""
    return Cases(dataset) if _is_medical(dataset) else dataset


@contextmanager
def facts_known(batch: Any) -> Iterator[Any]:
    """Take the facts out of a batch, and let the losses know them inside the block."""
    if not (isinstance(batch, (list, tuple)) and batch and isinstance(batch[-1], dict)):
        yield batch
        return
    *rest, facts = batch
    with facts_of(facts, rest[1])():
        yield rest


def facts_of(facts: dict[str, Any], labels: Any) -> Callable[[], AbstractContextManager[None]]:
    """What opens a block in which the losses know the facts of a batch."""

    @contextmanager
    def known() -> Iterator[None]:
        maps = {key: value for each in KEYS for key, value in facts.get(each, {}).items()}
        with known_spacing(facts.get(SPACING), labels.shape[-3:]), known_maps(maps or None):
            yield

    return known


class Cases(paddle.io.Dataset):  # type: ignore[misc]
    """Samples `(image, label, path, facts)` of a dataset whose samples are `(image, label, path)`."""

    def __init__(self, dataset: Any) -> None:
        self.dataset, self.file_list = dataset, dataset.file_list
        transforms = dataset.transforms.transforms
        self.maps = [each for each in transforms if isinstance(each, LabelMaps)]

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> list[Any]:
        image, label, *rest = self.dataset[index]
        facts: dict[str, Any] = {}
        spacing = self.spacing(index)
        if spacing is not None:
            facts[SPACING] = spacing
        for each in self.maps:
            facts[each.KEY] = each.of(np.asarray(label), spacing)
        return [image, label, *rest, facts] if facts else [image, label, *rest]

    def spacing(self, index: int) -> Any:
        """Of a case as the losses see it, or None if no file tells that of every case."""
        if not self._spacings:
            return None
        image, label = self.file_list[index][:2]
        given = np.asarray(self._spacings[_case(image)], "float64")[-3:]
        return _through(self.dataset.transforms.transforms, given, label)

    @cached_property
    def _spacings(self) -> dict[str, Any]:
        """By the name of the case, as MedicalSeg's preparation writes them: in the order of the axes of its arrays."""
        path = Path(getattr(self.dataset, "dataset_json_path", None) or "")
        if not path.is_file():
            return {}
        cases = json.loads(path.read_text(encoding="utf-8")).get("training", {})
        spacings = {name: case.get("spacing_resample") or case.get("spacing") or () for name, case in cases.items()}
        complete = all(len(spacings.get(_case(image), ())) >= 3 for image, *_label in self.file_list)
        return spacings if complete else {}


def _case(image: str) -> str:
    """The name of a case, as MedicalSeg's evaluation makes it of the file's."""
    return Path(image).name.split(".")[0]


def _through(transforms: list[Any], spacing: Any, label: str) -> Any:
    """The spacing after transforms that resize; one that crops first is taken to keep the whole volume."""
    sizes = [(type(each).__name__, each) for each in transforms if hasattr(each, "size")]
    shape = None
    for name, each in sizes:
        if name not in ("Resize3D", "RandomResizedCrop3D"):
            continue
        shape = np.load(label, mmap_mode="r").shape[-3:] if shape is None else shape
        size = np.broadcast_to(each.size, 3)
        if not getattr(each, "pre_crop", False):
            spacing = spacing * (np.asarray(shape) / size)
        shape = size
    return spacing


def plan_of(dataset: Any) -> tuple[Any, Any] | None:
    """Spacing and patch size of nnU-Net's plan, in which all cases have the same; None without a plan."""
    plans = getattr(dataset, "plans", None)
    stage = getattr(dataset, "stage", None)
    if not isinstance(plans, dict) or stage not in plans.get("plans_per_stage", {}):
        return None
    plan = plans["plans_per_stage"][stage]
    patch = np.asarray(plan["patch_size"]).astype(int)
    return np.asarray(plan["current_spacing"], "float64")[-len(patch) :], patch.tolist()


def _is_medical(dataset: Any) -> bool:
    return hasattr(dataset, "dataset_json_path") and hasattr(getattr(dataset, "transforms", None), "transforms")
