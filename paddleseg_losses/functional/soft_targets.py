"""Sums over pixels of soft targets and probabilities, of each sample and channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import spatial_sum

Tensor = Any

LEFT_OUT = 255  # no share


@dataclass(frozen=True)
class SoftSums:
    """Sums `[N, C]` over the pixels that count, of the probability p and the target g."""

    tp: Tensor  # min(p, g)
    fp: Tensor  # max(p - g, 0)
    fn: Tensor  # max(g - p, 0)
    nll: Tensor  # -g log p
    nll_other: Tensor  # -(1 - g) log(1 - p); under a softmax it is not made
    positives: Tensor  # g
    negatives: Tensor  # 1 - g
    count: Tensor  # 1


def kernel_sums(inputs: Inputs) -> SoftSums | None:
    """All of them in one pass by a kernel, or None if there is none: it knows no weights of pixels."""
    return inputs.memoize(_kernel_sums)


def _kernel_sums(inputs: Inputs) -> SoftSums | None:
    kernel = find("soft_sums", inputs.problem) if inputs.pixel_weight is None else None
    return None if kernel is None else SoftSums(*kernel(inputs.problem).unbind(-1))


def spread_labels(inputs: Inputs, share: float) -> Inputs:
    """The same call with soft targets: of hard labels of which a share is spread over all classes, or over 0 and 1."""
    least = share / inputs.problem.classes
    nothing = paddle.scale(inputs.mask, -LEFT_OUT, LEFT_OUT)  # `where` is slow at broadcasting on a CPU
    if inputs.multiclass:
        rest, true = (paddle.scale(inputs.mask, value) + nothing for value in (least, 1 - share + least))
        targets = paddle.put_along_axis(rest.expand_as(inputs.problem.scores), inputs.labels, true, axis=1)
    else:
        positive = (inputs.problem.labels == 1).astype(inputs.dtype)
        targets = paddle.scale(positive, 1 - share, least) * inputs.mask + nothing
    return inputs.with_problem(replace(inputs.problem, labels=targets, soft=True, valid=None, ignore_index=LEFT_OUT))


def overlap_sums(inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
    """Sums of min(p, g), max(p - g, 0) and max(g - p, 0), `[N, C]`."""
    sums = kernel_sums(inputs)
    if sums is not None:
        return sums.tp, sums.fp, sums.fn
    p, g, m = inputs.prob, inputs.target, inputs.weighted_mask
    zero = paddle.zeros([], p.dtype)
    tp = spatial_sum(paddle.where(inputs.excess < 0, p, g) * m)  # has digits that p and g have lost where both are 1
    fp, fn = (spatial_sum(paddle.maximum(gap, zero) * m) for gap in (inputs.excess, -inputs.excess))
    return tp, fp, fn
