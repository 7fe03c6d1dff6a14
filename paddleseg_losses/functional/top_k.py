"""The pixels that are hardest: with the largest values, or the least likely labels."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import shape_of

Tensor = Any

IGNORED = -1.0  # a value below every other


def keep_top_k(inputs: Inputs, values: Tensor, percent: float) -> Inputs:
    """The same call with all pixels ignored but the given per cent with the largest values (at least one)."""
    kernel = find("keep_top_k", inputs.problem)
    if kernel is not None:
        return inputs.with_problem(inputs.problem.with_labels(kernel(inputs.problem, values, percent)))
    with paddle.no_grad():
        total = inputs.valid.astype("int64").sum().astype("float64")  # exact: float32 would take one pixel too few
        share, hundred = (paddle.full([], x, "float64") for x in (percent, 100.0))  # else float32 in a static graph
        count = (total * share / hundred).floor().astype("int64").clip(min=1)
        return inputs.restricted(_largest(inputs.valid, values, count))


def keep_unlikely(inputs: Inputs, threshold: float, least: int) -> Inputs:
    """The same call with all pixels ignored but those whose true label has a probability below the threshold.

    If these are fewer than `least`, so many pixels with the smallest probabilities.
    """
    with paddle.no_grad():
        kept = paddle.logical_and(inputs.valid, _unlikely(inputs, threshold))
        if least > 0:
            enough = kept.astype("int64").sum() >= least
            if not (paddle.in_dynamic_mode() and inputs.problem.scores.place.is_cpu_place() and bool(enough)):
                smallest = _largest(inputs.valid, inputs.nll, paddle.full([], least, "int64"))
                kept = paddle.where(enough, kept, smallest)
        if find("error_sums", inputs.problem) is None:
            return inputs.restricted(kept)
        labels = inputs.problem.labels
        wide = labels.astype("int64")  # Paddle chooses among no smaller ones
        fewer = paddle.where(kept, wide, paddle.full([], inputs.problem.ignore_index, "int64")).astype(labels.dtype)
        return inputs.with_problem(inputs.problem.with_labels(fewer))


def _unlikely(inputs: Inputs, threshold: float) -> Tensor:
    """Where the true label is less likely; near 1 its error is compared, which keeps its digits."""
    if threshold == 1 and inputs.problem.from_logits:
        return inputs.valid  # no label is certain, though an error below 1e-38 is 0 in float32
    if threshold > 0.5:
        likely = inputs.error <= paddle.full([], 1 - threshold, inputs.dtype)
    else:
        likely = inputs.prob_true >= paddle.full([], threshold, inputs.dtype)
    return paddle.logical_not(likely)  # a NaN is kept, and seen in the loss


def _largest(valid: Tensor, values: Tensor, count: Tensor) -> Tensor:
    """Where so many of the largest values of pixels that count are, bool."""
    flat = paddle.where(valid, values, paddle.full([], IGNORED, values.dtype)).flatten()
    order = flat.argsort(descending=True)
    early = (paddle.arange(flat.shape[0] if flat.shape[0] > 0 else paddle.shape(flat)[0]) < count).astype(values.dtype)
    chosen = paddle.put_along_axis(paddle.zeros_like(flat), order, early, axis=0).reshape(shape_of(values))
    return paddle.logical_and(valid, chosen > 0)
