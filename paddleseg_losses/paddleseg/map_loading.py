"""Providing the losses with what the data knows: the loops of PaddleSeg and MedicalSeg give a loss only the labels."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any

import paddle

from ..precomputed_maps import known_maps
from ..transforms import KEYS
from .loading import Loader
from .medicalseg.cases import facts_known, with_facts
from .shims import Swap, swapped


class _Loader(Loader):
    """Makes the maps of a batch, and its spacing, known for as long as the loop works with it."""

    def __init__(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(with_facts(dataset), *args, **kwargs)

    def __iter__(self) -> Iterator[Any]:
        for data in super().__iter__():
            with known_maps(_taken(data)), facts_known(data) as batch:
                yield batch


def _taken(data: Any) -> dict[str, Any] | None:
    """What the transforms have added to the samples, taken out of their batch; None if they have added nothing."""
    given = [data.pop(key) for key in KEYS if key in data] if isinstance(data, dict) else []
    return {key: value for maps in given for key, value in maps.items()} or None


def provide_maps() -> Swap:
    """For the time of a training."""
    return paddle.io, "DataLoader", _Loader


def evaluation_swaps(package: str) -> list[Swap]:
    """For a toolkit's `evaluate`, as its script `val.py` finds it; MedicalSeg's looks at the losses too."""
    owner = importlib.import_module(f"{package}.core")
    original = owner.evaluate

    @functools.wraps(original)
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        with swapped(provide_maps()):
            return original(*args, **kwargs)

    return [(owner, "evaluate", evaluate)]
