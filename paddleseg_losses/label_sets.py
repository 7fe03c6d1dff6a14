"""Labels that stand for several classes: a pixel is one of them, and nobody knows which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import paddle

Tensor = Any


@dataclass(frozen=True)
class LabelSets:
    """What the option `label_sets` says."""

    sets: tuple[tuple[int, tuple[int, ...]], ...]  # labels and their classes

    @classmethod
    def of(cls, given: Mapping[int, list[int]] | None) -> LabelSets:
        """Those of an option."""
        return cls(tuple((label, tuple(classes)) for label, classes in (given or {}).items()))

    def __bool__(self) -> bool:
        return bool(self.sets)

    @property
    def labels(self) -> tuple[int, ...]:
        """The labels that stand for sets."""
        return tuple(label for label, _members in self.sets)

    def is_set(self, labels: Tensor) -> Tensor:
        """Where a label stands for a set."""
        return reduce(paddle.logical_or, [labels == label for label in self.labels])

    def numbered(self, labels: Tensor, classes: int, ignored: int) -> tuple[Tensor, tuple[tuple[int, ...], ...]]:
        """Labels in which the sets have the numbers after the classes, and the sets in that order.

        A set of one class is that class, and a set of all classes says nothing: its pixels are ignored.
        """
        kept: list[tuple[int, ...]] = []
        known = paddle.logical_and(labels >= 0, labels < classes)
        numbered = paddle.where(known, labels, paddle.full([], ignored, labels.dtype))
        for label, members in self.sets:
            number = ignored if len(members) == classes else members[0]
            if 1 < len(members) < classes:
                number = classes + len(kept)
                kept.append(members)
            numbered = paddle.where(labels == label, paddle.full([], number, labels.dtype), numbered)
        return numbered, tuple(kept)
