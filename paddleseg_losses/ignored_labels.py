"""Which labels mark pixels to ignore: one, several or none. In a `Problem` one number stands for them all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import paddle

Tensor = Any

NEVER = -(2**62)  # what is ignored where nothing is: no label


@dataclass(frozen=True)
class IgnoredLabels:
    """What the option `ignore_index` says."""

    given: int | tuple[int, ...] | None

    @property
    def every(self) -> tuple[int, ...]:
        """All labels that are ignored."""
        return () if self.given is None else self.given if isinstance(self.given, tuple) else (self.given,)

    @property
    def one(self) -> int:
        """The number that stands for them."""
        return self.every[0] if self.every else NEVER

    @property
    def example(self) -> int:
        """A label that is ignored, or could be."""
        return self.every[0] if self.every else 255

    def __str__(self) -> str:
        return str(list(self.given) if isinstance(self.given, tuple) else self.given)

    def merged(self, labels: Tensor) -> Tensor:
        """Labels in which one number stands for all that are ignored."""
        if len(self.every) < 2:
            return labels
        if not paddle.is_floating_point(labels):
            labels = labels.astype("int64")  # narrow types hold few numbers
        ignored = reduce(paddle.logical_or, [labels == other for other in self.every[1:]])
        return paddle.where(ignored, paddle.full([], self.one, labels.dtype), labels)
