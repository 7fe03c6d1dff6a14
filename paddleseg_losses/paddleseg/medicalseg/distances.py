"""The unit in which distance losses measure during a training of MedicalSeg: that of its data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paddle import nn

from ...known_spacing import known_spacing
from ...losses.families import Spaced
from .cases import plan_of, with_facts

Swap = tuple[Any, str, Any]


def sources(arguments: dict[str, Any]) -> list[Swap]:
    """A training set that names no file with the spacing of its cases gets that of the validation set."""
    train, val = arguments.get("train_dataset"), arguments.get("val_dataset")
    path = getattr(val, "dataset_json_path", "")
    if getattr(train, "dataset_json_path", None) == "" and path:
        return [(train, "dataset_json_path", path)]
    return []


@contextmanager
def units(arguments: dict[str, Any], losses: list[Any], logger: Any) -> Iterator[None]:
    """Let losses know the spacing of a plan, and say in the log what distances are measured in."""
    train = arguments.get("train_dataset")
    plan = plan_of(train)
    asked = any(isinstance(layer, Spaced) and layer.spacing is None for loss in losses for layer in _layers(loss))
    if asked and _is_medical(train):
        logger.info(_sentence(train, plan))
    with known_spacing(*(plan or (None,))):
        yield


def _is_medical(dataset: Any) -> bool:
    return hasattr(dataset, "dataset_json_path") or hasattr(dataset, "plans")


def _sentence(dataset: Any, plan: Any) -> str:
    """For the log, which is in English."""
    if plan is not None:
        return f"distance losses measure in the spacing of the plan, {plan[0].tolist()}"
    spacing = with_facts(dataset).spacing(0)
    if spacing is None:
        return "distance losses measure in voxels: no dataset_json_path has the spacing of every case"
    path = dataset.dataset_json_path
    return f"distance losses measure in the spacing of each case in {path}; the first: {spacing.tolist()}"


def _layers(loss: Any) -> Iterator[Any]:
    """A loss and all that are inside it, those in lists too."""
    if isinstance(loss, nn.Layer):
        yield from loss.sublayers(include_self=True)
    for inner in getattr(loss, "losses", ()):
        yield from _layers(inner)
