"""The losses inside ours: PaddleSeg makes them first, each by the name that it has in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import registry
from ...options import options_of
from .names import Names, Unseen

_KEYS = ("losses", "loss")  # a list of them, or one


def is_sum(cls: type | None) -> bool:
    """Whether a class is our weighted sum."""
    return cls is registry.get("WeightedSumLoss").cls


def is_wrapper(cls: type | None) -> bool:
    """Whether a class is one of ours around another loss."""
    return cls is not None and hasattr(cls, "spec") and "loss" in options_of(cls)


def build_all(inside: Any, names: Names) -> Any:
    """The losses of entries without mistakes, a list or one, as PaddleSeg's builder makes them; None if it cannot."""
    if not isinstance(inside, list):
        return build(inside, names)
    built = [build(entry, names) for entry in inside]
    return None if any(loss is None for loss in built) else built


def build(entry: Mapping[str, Any], names: Names) -> Any:
    """The loss of an entry without mistakes, as PaddleSeg's builder creates it; None if its class is unknown."""
    cls = names.table[entry["type"]]
    options = {name: value for name, value in entry.items() if name != "type"}
    for key in set(_KEYS) & set(options):
        options[key] = build_all(options[key], names)
    if cls is Unseen or any(options.get(key, cls) is None for key in _KEYS):
        return None
    return cls(**options)


def all_ours(entry: Mapping[str, Any], names: Names) -> bool:
    """Whether an entry and what is inside are losses of this package."""
    inside = [*entry.get("losses", []), *([entry["loss"]] if "loss" in entry else [])]
    return hasattr(names.table[entry["type"]], "spec") and all(all_ours(each, names) for each in inside)
