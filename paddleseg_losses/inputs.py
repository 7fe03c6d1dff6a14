"""Clean tensors, made once a call by the door, and what all losses compute from them.

Ignored pixels are settled for all losses: the door replaces their logits by 0 through `where`, so the value cannot
depend on them, their gradient is exactly 0, and an infinity there does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable, TypeVar

import paddle
import paddle.nn.functional as F

from .functional import numeric

Tensor = Any
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Inputs:
    """Clean tensors of one call. C is the number of channels, `*S` the spatial axes, both always present.

    Attributes:
        logits: float32 or float64 `[N, C, *S]`, 0 where ignored.
        labels: int64 `[N, 1, *S]` class indices (binary: 0 or 1), int64 `[N, C, *S]` of 0 and 1 (multilabel), or
            floats `[N, C, *S]` (soft targets); 0 where ignored.
        valid: bool `[N, 1, *S]`, or `[N, C, *S]` for multilabel.
        mode: 'binary', 'multiclass' or 'multilabel'.
        soft: whether the labels are soft targets.
        pixel_weight: float `[N, 1, *S]`, or None.
        flawed: bool 0-D, whether an unchecked label was out of range; None if that is not known.
    """

    logits: Tensor
    labels: Tensor
    valid: Tensor
    mode: str
    soft: bool = False
    pixel_weight: Tensor | None = None
    flawed: Tensor | None = None
    _made: dict[Any, Any] = field(default_factory=dict, repr=False)

    def once(self, make: Callable[..., Made], *args: float) -> Made:
        """`make(self, *args)`, made at most once: the terms of a compound share it."""
        key = (make, *args)
        if key not in self._made:
            self._made[key] = make(self, *args)
        return self._made[key]  # type: ignore[no-any-return]

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return int(self.logits.shape[1])

    @property
    def multiclass(self) -> bool:
        """Whether the channels compete in a softmax (else: one sigmoid each)."""
        return self.mode == "multiclass"

    @cached_property
    def mask(self) -> Tensor:
        """`valid` as 0 and 1 of the logits' dtype."""
        return self.valid.astype(self.logits.dtype)

    @cached_property
    def target(self) -> Tensor:
        """Target g `[N, C, *S]`, 0 where ignored."""
        if self.soft or not self.multiclass:
            return self.labels.astype(self.logits.dtype) * self.mask
        return self.one_hot(self.labels) * self.mask

    def one_hot(self, labels: Tensor) -> Tensor:
        """0/1 masks `[N, C, *S]` of class indices `[N, 1, *S]`."""
        classes = paddle.arange(self.channels, dtype=labels.dtype)
        return (labels == classes.reshape([1, -1] + [1] * (labels.ndim - 2))).astype(self.logits.dtype)

    @cached_property
    def prob(self) -> Tensor:
        """Probability p `[N, C, *S]`; meaningless where ignored: multiply by `mask` or `target`."""
        return F.softmax(self.logits, axis=1) if self.multiclass else F.sigmoid(self.logits)

    @cached_property
    def log_prob(self) -> Tensor:
        """Log p `[N, C, *S]`."""
        return numeric.log_softmax(self.logits) if self.multiclass else -numeric.softplus(-self.logits)

    @cached_property
    def log_rest(self) -> Tensor:
        """log(1 - p) `[N, C, *S]`: every channel against the rest."""
        odds = numeric.one_vs_rest(self.logits) if self.multiclass else self.logits
        return -numeric.softplus(odds)

    @cached_property
    def log_true(self) -> Tensor:
        """Log-probability of the true label, `[N, 1, *S]` (multilabel: `[N, C, *S]`); hard labels only."""
        if self.multiclass:
            return paddle.take_along_axis(self.log_prob, self.labels, axis=1)
        return -numeric.softplus(self.logits * (1.0 - 2.0 * self.labels.astype(self.logits.dtype)))

    @cached_property
    def count(self) -> Tensor:
        """Number of valid pixels (multilabel: elements) of each sample and channel, `[N, 1]` or `[N, C]`."""
        return numeric.spatial_sum(self.mask)
