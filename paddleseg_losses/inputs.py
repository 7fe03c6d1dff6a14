"""Clean tensors, made once a call by the door, and what all losses compute from them.

Ignored pixels are settled for all losses: their logits are replaced by 0 through `where` (and skipped by the kernels),
so the value cannot depend on them, their gradient is exactly 0, and an infinity there does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Callable, TypeVar

import paddle
import paddle.nn.functional as F

from . import numeric
from .functional import error_sums, labels
from .functional.error_sums import COUNT, OTHER, OWN, Function, Moment
from .functional.probabilities import probabilities

Tensor = Any
Made = TypeVar("Made")


class lasting(cached_property[Any]):  # a decorator
    """A property that is made once, and attached to the graph even if it is first asked for under `no_grad`."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """The value, made at the first call."""
        if instance is None or not paddle.in_dynamic_mode() or self.attrname in vars(instance):
            return super().__get__(instance, owner)
        with paddle.set_grad_enabled(instance.differentiable):
            return super().__get__(instance, owner)


@dataclass(frozen=True, eq=False)
class Raw:
    """The caller's tensors in one layout, nothing replaced yet: what kernels read.

    Attributes:
        logits: float32 or float64 `[N, C, *S]`.
        labels: integers `[N, 1, *S]` (class indices), `[N, C, *S]` (multilabel), or floats `[N, C, *S]` (soft).
        ignore_index: label of pixels to leave out.
        valid: which pixels count, if the labels alone do not tell.
    """

    logits: Tensor
    labels: Tensor
    ignore_index: int
    valid: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """Clean tensors of one call. C is the number of channels, `*S` the spatial axes, both always present.

    Attributes:
        source: what they are made from.
        mode: 'binary', 'multiclass' or 'multilabel'.
        soft: whether the labels are soft targets.
        native: whether the kernels may read the source.
        pixel_weight: float `[N, 1, *S]`, or None.
        flawed: whether an unchecked label was out of range, bool or bool 0-D; None if that is not known.
        counted: whether any pixel counts, bool or bool 0-D.
        label_counts: number of labels of each class, as `kernels.labels` counts them, if that is known.
        differentiable: whether gradients were enabled when the loss was called.
    """

    source: Raw
    mode: str
    soft: bool = False
    native: bool = False
    pixel_weight: Tensor | None = None
    flawed: Tensor | bool | None = None
    counted: Tensor | bool = True
    label_counts: Any = None
    differentiable: bool = field(default_factory=paddle.is_grad_enabled)
    _made: dict[Any, Any] = field(default_factory=dict, repr=False)
    _wanted: dict[Moment, None] = field(default_factory=dict, repr=False)

    @property
    def raw(self) -> Raw | None:
        """What the kernels read, or None if they do not apply."""
        return self.source if self.native else None

    def problem(self, scores: Tensor | None = None) -> tuple[Tensor, Tensor, bool, int]:
        """What most kernels begin with.

        Returns:
            Scores (the logits, if none are given), labels, whether each channel has its own sigmoid, and the label of
            pixels to leave out.
        """
        raw = self.source
        return raw.logits if scores is None else scores, raw.labels, not self.multiclass, raw.ignore_index

    def want(self, moments: Iterable[Moment]) -> None:
        """Say which sums will be asked for: where a kernel can, the first that is makes them all in one pass."""
        self._wanted.update(dict.fromkeys(moments))

    def wants_more(self, than: Iterable[Moment]) -> bool:
        """Whether other sums will be asked for too."""
        return not self._wanted.keys() <= set(than)

    def sum_of(self, side: int, function: Function) -> Tensor:
        """The sum of a function of the error over one side's pixels, `[N, C]`."""
        moment = Moment(side, function)
        if moment not in self._made and not error_sums.has_kernel(self, moment):
            self._made[moment] = error_sums.composed(self, moment)
        if moment not in self._made:
            together = [moment] if function == COUNT else [moment, *self._wanted]
            missing = [m for m in dict.fromkeys(together) if m not in self._made and error_sums.has_kernel(self, m)]
            self._made.update(zip(missing, error_sums.native(self, missing)))
        return self._made[moment]

    @lasting
    def counts(self) -> Any:
        """Number of pixels of each side, of each sample and channel, where kernels apply: an array `[2, N, C]`."""
        return labels.counts(self)

    @lasting
    def filled(self) -> bool:
        """Whether every sample and channel is known to have a pixel that counts."""
        return self.raw is not None and bool((self.counts[OWN] + self.counts[OTHER]).all())

    def once(self, make: Callable[..., Made], *args: float) -> Made:
        """`make(self, *args)`, made at most once: the terms of a compound share it."""
        key = (make, *args)
        if key not in self._made:
            self._made[key] = make(self, *args)
        return self._made[key]  # type: ignore[no-any-return]

    def with_labels(self, labels: Tensor) -> Inputs:
        """The same problem with other labels; nothing made is kept."""
        return replace(self, source=replace(self.source, labels=labels), label_counts=None, _made={}, _wanted={})

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return int(self.source.logits.shape[1])

    @property
    def multiclass(self) -> bool:
        """Whether the channels compete in a softmax (else: one sigmoid each)."""
        return self.mode == "multiclass"

    @lasting
    def valid(self) -> Tensor:
        """Which pixels count: bool `[N, 1, *S]`, or `[N, C, *S]` for multilabel; labels out of range do not."""
        if self.source.valid is not None:
            return self.source.valid
        valid = self.source.labels != self.source.ignore_index
        return valid if self.soft else paddle.logical_and(valid, self._inside)

    @lasting
    def _inside(self) -> Tensor:
        labels = self.source.labels
        highest = self.channels - 1 if self.multiclass and not self.soft else 1
        return paddle.logical_and(labels >= 0, labels <= highest)

    @lasting
    def labels(self) -> Tensor:
        """Labels, int64 or (soft) floats, 0 where ignored; in range, so that nothing indexes out of bounds."""
        labels = self.source.labels if self.soft else self.source.labels.astype("int64")
        return paddle.where(paddle.logical_and(self.valid, self._inside), labels, paddle.zeros([], labels.dtype))

    @lasting
    def logits(self) -> Tensor:
        """Logits, 0 where ignored."""
        logits = self.source.logits
        return paddle.where(self.valid, logits, paddle.zeros([], logits.dtype))

    @lasting
    def own(self) -> Tensor:
        """Where a channel is the pixel's true class, bool `[N, C, *S]`; hard labels only."""
        hit = self.labels == (self._classes(self.labels) if self.multiclass else 1)
        return paddle.logical_and(hit, self.valid)

    @lasting
    def other(self) -> Tensor:
        """Where it is not, among the pixels that count."""
        return paddle.logical_and(paddle.logical_not(self.own), self.valid)

    @lasting
    def mask(self) -> Tensor:
        """`valid` as 0 and 1 of the logits' dtype."""
        return self.valid.astype(self.source.logits.dtype)

    @lasting
    def target(self) -> Tensor:
        """Target g `[N, C, *S]`, 0 where ignored."""
        if self.soft or not self.multiclass:
            return self.labels.astype(self.source.logits.dtype) * self.mask
        return self.own.astype(self.source.logits.dtype)

    def one_hot(self, labels: Tensor) -> Tensor:
        """0/1 masks `[N, C, *S]` of class indices `[N, 1, *S]`."""
        return (labels == self._classes(labels)).astype(self.source.logits.dtype)

    def _classes(self, labels: Tensor) -> Tensor:
        classes = paddle.arange(self.channels, dtype=labels.dtype)
        return classes.reshape([1, -1] + [1] * (labels.ndim - 2))

    @lasting
    def prob(self) -> Tensor:
        """Probability p `[N, C, *S]`; meaningless where ignored: multiply by `mask` or `target`."""
        return probabilities(self)

    @lasting
    def prob_true(self) -> Tensor:
        """Probability of the true class `[N, 1, *S]`, in a softmax; hard labels only."""
        return paddle.take_along_axis(self.prob, self.labels, axis=1)

    @lasting
    def log_prob(self) -> Tensor:
        """Log p `[N, C, *S]`."""
        return numeric.log_softmax(self.logits) if self.multiclass else -numeric.softplus(-self.logits)

    @lasting
    def log_rest(self) -> Tensor:
        """log(1 - p) `[N, C, *S]`: every channel against the rest."""
        odds = numeric.one_vs_rest(self.logits) if self.multiclass else self.logits
        return -numeric.softplus(odds)

    @lasting
    def log_true(self) -> Tensor:
        """Log-probability of the true label, `[N, 1, *S]` (multilabel: `[N, C, *S]`); hard labels only."""
        if self.multiclass:
            return paddle.take_along_axis(self.log_prob, self.labels, axis=1)
        return -numeric.softplus(self._wrong)

    @lasting
    def error(self) -> Tensor:
        """Probability of the wrong answer of each channel `[N, C, *S]`, under a sigmoid; hard labels only."""
        return F.sigmoid(self._wrong)

    @lasting
    def _wrong(self) -> Tensor:
        return paddle.where(self.own, -self.logits, self.logits)  # log-odds of the error

    @lasting
    def rest(self) -> Tensor:
        """Number of pixels that count and are of other classes, of each sample and channel, `[N, C]`; hard labels."""
        return self.sum_of(OTHER, COUNT)

    @lasting
    def count(self) -> Tensor:
        """Number of pixels that count, of each sample and channel, `[N, C]`."""
        if self.raw is None:
            return numeric.spatial_sum(self.mask).expand([-1, self.channels])
        return self.sum_of(OWN, COUNT) + self.rest
