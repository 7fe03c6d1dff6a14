"""The terms of our weighted sum: PaddleSeg makes them first, each by the name that it has in the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import registry
from .names import Names, Unseen


def is_sum(cls: type | None) -> bool:
    """Whether a class is our weighted sum."""
    return cls is registry.get("WeightedSumLoss").cls


def build(entry: Mapping[str, Any], names: Names) -> Any:
    """The loss of an entry without mistakes, as PaddleSeg's builder creates it; None if its class is unknown."""
    cls = names.table[entry["type"]]
    options = {name: value for name, value in entry.items() if name != "type"}
    if "losses" in options:
        options["losses"] = [build(term, names) for term in options["losses"]]
    if cls is Unseen or any(term is None for term in options.get("losses", [])):
        return None
    return cls(**options)


def all_ours(entry: Mapping[str, Any], names: Names) -> bool:
    """Whether an entry and its terms are losses of this package."""
    return hasattr(names.table[entry["type"]], "spec") and all(
        all_ours(term, names) for term in entry.get("losses", [])
    )
