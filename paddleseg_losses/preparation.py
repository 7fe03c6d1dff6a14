"""A caller's tensors become `Inputs`: what they may hold, what they become, and what is refused and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import paddle

from .errors import InputError
from .i18n import _
from .inputs import Inputs
from .kernels import LABEL_TYPES, find, on_cpu
from .kernels.labels import compact_labels, compact_one_hot
from .kernels.soft_targets import check_soft_targets
from .layout import LayoutReader, same_shape
from .numeric import between, differs
from .problem import Problem
from .validation import (
    check_class_labels,
    check_pixel_weight,
    check_probabilities,
    check_soft_labels,
    outside,
    outside_shares,
    unbalanced,
)

Tensor = Any

NO_LABEL = -1  # of pixels that one-hot labels leave out: any other number may be a class
_LEFT_OUT = 255  # of pixels in channels of 0 and 1


class _Labels(NamedTuple):
    """A problem whose labels the losses can read, and what is known of them."""

    problem: Problem
    invalid: Tensor | bool | None  # whether a label is wrong; None if nobody looked
    any_valid: Tensor | bool
    class_counts: Any = None
    valid: Tensor | None = None  # which pixels count, if that is known


class InputPreparer(LayoutReader):
    """Everything that turns a caller's tensors into `Inputs`, fixed when the loss is made."""

    def prepare(self, scores: Any, labels: Any, pixel_weight: Any = None, check: str = "raise") -> Inputs:
        """Clean one call's tensors.

        Args:
            scores: model output of any float dtype.
            labels: class indices, multilabel or soft targets.
            pixel_weight: one weight for each pixel, or None.
            check: what to do about wrong values: 'raise' looks at them, which waits for the device; 'mark' notes
                them in `Inputs.invalid`, on the device; 'trust' does neither.
        """
        problem = self.read(scores, labels)
        if check == "raise":
            self._look(problem)
        foreign = self._foreign(problem) if check == "mark" and self._recoded(problem) else None
        problem = self._recode(problem)
        native = problem.scores.dtype == paddle.float32 and on_cpu(problem.scores)
        read = _on_device if not native or problem.label_sets else _soft if problem.soft else _compact
        problem, invalid, any_valid, counts, counted = read(problem, check == "mark")
        if foreign is not None:
            invalid = paddle.logical_or(_as_tensor(invalid), foreign)
        if check == "mark" and not problem.from_logits:
            valid = _valid(problem) if problem.valid is None else problem.valid
            invalid = paddle.logical_or(_as_tensor(invalid), outside_shares(problem.scores, valid).any())
        inputs = Inputs(problem, invalid=invalid, any_valid=any_valid, class_counts=counts)
        if counted is not None:
            vars(inputs)["valid"] = counted
        if pixel_weight is None:
            return inputs
        return replace(inputs, pixel_weight=self._pixel_weight(pixel_weight, inputs, check))

    def _look(self, problem: Problem) -> None:
        """Raise if a value is wrong."""
        per_class, valid, mode = _one_channel_per_class(problem), _valid(problem), problem.mode
        if not self.from_logits:
            check_probabilities(problem.scores, valid, mode, self.name)
        labels = problem.labels if problem.soft else problem.labels.astype("int64")
        if problem.soft or per_class:
            check_soft_labels(labels, valid, mode, self.ignored, self.name)
        else:
            check_class_labels(labels, valid, _classes(problem), self.ignored, self.label_sets, self.name)

    def _recoded(self, problem: Problem) -> bool:
        """Whether labels are replaced by others before anything reads them."""
        return problem.exclusive or bool(self.label_sets)

    def _foreign(self, problem: Problem) -> Tensor:
        """Whether a label is neither a class, nor ignored, nor stands for a set of classes."""
        labels, valid = problem.labels.astype("int64"), _valid(problem)
        if self.label_sets:
            valid = paddle.logical_and(valid, paddle.logical_not(self.label_sets.is_set(labels)))
        return outside(labels, valid, _classes(problem) - 1).any()

    def _recode(self, problem: Problem) -> Problem:
        """The problem with the labels that losses read."""
        if problem.exclusive:
            return _one_channel_each(problem)
        if not self.label_sets:
            return problem
        labels, sets = self.label_sets.numbered(problem.labels.astype("int64"), problem.channels, NO_LABEL)
        return replace(problem, labels=labels, ignore_index=NO_LABEL, label_sets=sets)

    def _pixel_weight(self, weight: Any, inputs: Inputs, check: str) -> Tensor:
        weight = self._tensor(weight, "pixel_weight")
        scores = inputs.problem.scores
        n, _channels, *space = list(scores.shape)
        if same_shape(list(weight.shape), [n, *space]):
            weight = weight.unsqueeze(1)
        if not same_shape(list(weight.shape), [n, 1, *space]):
            raise InputError(
                _("{name}: pixel_weight has shape {shape}.", name=self.name, shape=list(weight.shape)),
                _("one weight per pixel, {shape}", shape=[n, *space]),
                _("resize it like the labels"),
            )
        weight = weight.astype(inputs.dtype).detach()
        valid = inputs.valid.any(axis=1, keepdim=True)
        if check == "raise":
            check_pixel_weight(weight, valid, self.name)
        return paddle.where(valid, weight, paddle.zeros_like(weight))


def _classes(problem: Problem) -> int:
    """Number of classes that a label can name."""
    return problem.channels if problem.exclusive else problem.classes


def _one_channel_each(problem: Problem) -> Problem:
    """Class indices as one 0/1 label for each channel."""
    indices = problem.labels.astype("int32")
    classes = paddle.arange(problem.channels, dtype="int32").reshape([1, -1] + [1] * len(problem.space))
    known = paddle.logical_and(_valid(problem), paddle.logical_and(indices >= 0, indices < problem.channels))
    labels = paddle.where(known, (indices == classes).astype("int32"), paddle.full([], _LEFT_OUT, "int32"))
    return replace(problem, labels=labels, ignore_index=_LEFT_OUT)


def _one_channel_per_class(problem: Problem) -> bool:
    """Whether labels of competing classes are one-hot or soft."""
    return problem.multiclass and (problem.soft or problem.labels.shape[1] == problem.channels)


def _valid(problem: Problem) -> Tensor:
    """Which pixels the labels leave in; with one channel for each class a pixel is left out where all say so."""
    labels = problem.labels if problem.soft else problem.labels.astype("int64")  # narrow types hold few ignore_indexes
    valid = differs(labels, problem.ignore_index)
    return valid.any(axis=1, keepdim=True) if _one_channel_per_class(problem) else valid


def _as_tensor(known: Tensor | bool | None) -> Tensor:
    return known if paddle.is_tensor(known) else paddle.full([], bool(known), "bool")


def _compact(problem: Problem, mark: bool) -> _Labels:
    """Integer labels as small class indices, by the kernels."""
    labels = problem.labels if problem.labels.dtype in LABEL_TYPES else problem.labels.astype("int64")
    if _one_channel_per_class(problem):
        small = compact_one_hot(labels, problem.ignore_index)
    else:
        small = compact_labels(labels, problem.classes, problem.ignore_index, channels=not problem.multiclass)
    compact = replace(problem, labels=small.labels, ignore_index=small.ignore_index)
    return _Labels(compact, small.wrong > 0 if mark else None, bool(np.count_nonzero(small.counts)), small.counts)


def _soft(problem: Problem, mark: bool) -> _Labels:
    """Soft targets, looked at by the kernels; what counts is computed where it is asked for."""
    wrong, valid = check_soft_targets(problem)
    return _Labels(problem, wrong > 0 if mark else None, valid > 0)


def _on_device(problem: Problem, mark: bool) -> _Labels:
    """The same without waiting for the device, by one of its kernels or by Paddle's operators."""
    per_class = _one_channel_per_class(problem)
    kernel = None if per_class else find("compact_labels", problem)
    if kernel is not None:
        small = kernel(problem.labels, problem.classes, problem.ignore_index)
        compact = replace(problem, labels=small.labels, ignore_index=small.ignore_index)
        return _Labels(compact, small.wrong if mark else None, small.any_valid)
    if not (problem.soft or per_class):
        return _indices(problem, mark)
    valid = _valid(problem)
    labels = problem.labels if problem.soft else problem.labels.astype("int64")
    invalid = None
    if mark:
        wrong = outside_shares(labels, valid) if problem.soft else outside(labels, valid, 1)
        invalid = wrong.any()
        if per_class:
            invalid = paddle.logical_or(invalid, unbalanced(labels, valid).any())
    if not problem.soft:
        hot = paddle.logical_and(labels == 1, valid).astype("int64").argmax(axis=1, keepdim=True)
        indices = paddle.where(valid, hot, paddle.full([], NO_LABEL, "int64"))
        problem = replace(problem, labels=indices, ignore_index=NO_LABEL)
    return _Labels(problem, invalid, valid.any())


def _indices(problem: Problem, mark: bool) -> _Labels:
    """The same of hard labels that need no other form: they are read once."""
    labels = problem.labels.astype("int64")  # narrow types hold few ignore_indexes
    kept = differs(labels, problem.ignore_index)
    valid = paddle.logical_and(kept, between(labels, 0, problem.classes + len(problem.label_sets) - 1))
    invalid = paddle.logical_xor(kept, valid).any() if mark else None
    return _Labels(
        replace(problem, labels=labels), invalid, kept.any(), valid=None if problem.valid is not None else valid
    )
