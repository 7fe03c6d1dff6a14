"""What the labels of one call say of its pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import paddle

from . import numeric
from .cached_in_graph import cached_in_graph
from .numeric import ROUNDING
from .problem import Problem

Tensor = Any


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labels of one call. C is the number of channels, `*S` the spatial axes, both always present.

    Attributes:
        problem: the caller's tensors, which the kernels read.
        differentiable: whether gradients were enabled when the loss was called.
    """

    problem: Problem
    differentiable: bool = field(default_factory=paddle.is_grad_enabled)

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return self.problem.channels

    @property
    def mode(self) -> str:
        """'binary', 'multiclass' or 'multilabel'."""
        return self.problem.mode

    @property
    def multiclass(self) -> bool:
        """Whether the channels compete in a softmax (else each has a sigmoid of its own)."""
        return self.problem.multiclass

    @property
    def has_background(self) -> bool:
        """Whether class 0 is what remains of the others."""
        return self.multiclass or self.problem.exclusive

    @property
    def soft(self) -> bool:
        """Whether the labels are soft targets."""
        return self.problem.soft

    @property
    def dtype(self) -> Any:
        """Of what is computed: float32 or float64."""
        return paddle.float64 if self.problem.scores.dtype == paddle.float64 else paddle.float32

    @cached_in_graph
    def scores(self) -> Tensor:
        """Those of the problem, in no half precision."""
        scores = self.problem.scores
        return scores if scores.dtype == self.dtype else scores.astype(self.dtype)

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return int(self.problem.scores.ndim) - 2

    @cached_in_graph
    def valid(self) -> Tensor:
        """Which pixels count: bool `[N, 1, *S]`, or `[N, C, *S]` for multilabel; labels out of range do not."""
        if self.problem.valid is not None:
            return self.problem.valid
        valid = numeric.differs(self.problem.labels, self.problem.ignore_index)
        if not self.soft:
            return paddle.logical_and(valid, self._in_range)
        return valid.any(axis=1, keepdim=True) if self.multiclass else valid

    @cached_in_graph
    def _in_range(self) -> Tensor:
        labels = self.problem.labels
        if self.soft:
            return paddle.logical_and(labels >= -ROUNDING, labels <= 1 + ROUNDING)
        return numeric.between(labels, 0, self.problem.classes + len(self.problem.label_sets) - 1)

    @cached_in_graph
    def labels(self) -> Tensor:
        """Labels, int64 or (soft) floats, 0 where ignored; in range, so that nothing indexes out of bounds."""
        if not self.soft:
            return paddle.where(self.valid, self.problem.labels.astype("int64"), paddle.zeros([], "int64"))
        labels = numeric.clipped(self.problem.labels)
        return paddle.where(paddle.logical_and(self.valid, self._in_range), labels, paddle.zeros([], labels.dtype))

    @cached_in_graph
    def index(self) -> Tensor:
        """Hard labels, 0 where ignored, in fewer bytes: int32."""
        return paddle.where(self.valid, self.problem.labels.astype("int32"), paddle.zeros([], "int32"))

    @cached_in_graph
    def positive(self) -> Tensor:
        """Where a channel is the pixel's true class, bool `[N, C, *S]`; hard labels only."""
        return paddle.logical_and(self.index == self._true, self.valid)

    @cached_in_graph
    def negative(self) -> Tensor:
        """Where it cannot be, among the pixels that count."""
        different = self.index != self._true
        for number, members in enumerate(self.problem.label_sets, start=self.channels):
            outside = numeric.constant([[c not in members for c in range(self.channels)]], "bool")
            outside = outside.reshape([1, -1] + [1] * self.axes)
            different = paddle.logical_and(different, paddle.logical_or(numeric.differs(self.index, number), outside))
        return paddle.logical_and(different, self.valid)

    @cached_in_graph
    def counted(self) -> Tensor:
        """Where a channel is known to be the pixel's true class, or not to be: bool `[N, 1 or C, *S]`."""
        return paddle.logical_or(self.positive, self.negative) if self.problem.label_sets else self.valid

    def at_label(self, x: Tensor) -> Tensor:
        """The number `[N, 1, *S]` of each pixel's class; of one of several classes, the sum of theirs."""
        if not self.problem.label_sets:
            return numeric.taken(x, self.index)
        return paddle.where(self._candidate, x, paddle.zeros([], x.dtype)).sum(axis=1, keepdim=True)

    @cached_in_graph
    def _candidate(self) -> Tensor:
        """Where a channel is the pixel's true class, or may be it."""
        return paddle.logical_and(paddle.logical_not(self.negative), self.valid)

    @property
    def _true(self) -> Tensor:
        """The label that makes a pixel a channel's own."""
        return self._classes(self.index) if self.multiclass else paddle.ones([], "int32")

    @cached_in_graph
    def mask(self) -> Tensor:
        """`valid` as 0 and 1 of the scores' dtype."""
        return self.valid.astype(self.dtype)

    @cached_in_graph
    def target(self) -> Tensor:
        """Target g `[N, C, *S]`, 0 where ignored."""
        if self.soft or not self.multiclass:
            return self.labels.astype(self.dtype) * self.mask
        return self.positive.astype(self.dtype)

    def one_hot(self, labels: Tensor) -> Tensor:
        """0/1 masks `[N, C, *S]` of class indices `[N, 1, *S]`."""
        return (labels == self._classes(labels)).astype(self.dtype)

    def _classes(self, labels: Tensor) -> Tensor:
        classes = paddle.arange(self.channels, dtype=labels.dtype)
        return classes.reshape([1, -1] + [1] * (labels.ndim - 2))
