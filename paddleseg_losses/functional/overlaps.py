"""The overlap of each class with its label, of competing classes and hard labels, by Paddle's operators in few passes.

Shares are made once, and kept for the gradient. Sums of numbers that each pixel has at its label alone are made on a
table of the logits' size: adding them up by their labels at once, with atomic additions, would depend on the order.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

import paddle
import paddle.nn.functional as F

from ..differentiable import Differentiable
from ..i18n import _
from ..inputs import Inputs
from ..numeric import put, spatial_sum, taken

Tensor = Any


def can_overlap(inputs: Inputs) -> bool:
    """Whether labels compete, each pixel has one, and gradients can be our own."""
    several = inputs.problem.soft or inputs.problem.label_sets
    return inputs.multiclass and inputs.problem.from_logits and not several and paddle.in_dynamic_mode()


def overlaps(inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
    """Sums of p and of 1 - p over the pixels of each class, and of p over those of other classes, `[N, C]`."""
    tp, fn, fp = _Overlaps.apply(competing_shares(inputs), inputs.index, inputs.valid, inputs.pixel_weight)
    return tp, fn, fp


def competing_shares(inputs: Inputs) -> Tensor:
    """Shares that may be anything where ignored; slopes stop there. What reads them makes slopes by `slopes_of`."""
    return inputs.memoize(_competing_shares)


def _competing_shares(inputs: Inputs) -> Tensor:
    z = inputs.problem.scores
    with paddle.set_grad_enabled(inputs.differentiable):
        x = z.reshape(z.shape)  # a view of our own to put a hook on
        if not x.stop_gradient:
            x.register_hook(partial(_where_valid, inputs.valid))
        return F.softmax(x, axis=1)


def _where_valid(valid: Tensor, slopes: Tensor) -> Tensor:
    """Slopes of logits, 0 where ignored."""
    with paddle.no_grad():
        return paddle.masked_fill(slopes, paddle.logical_not(valid), 0.0)


def slopes_of(p: Tensor, labels: Tensor, each: Tensor, at_top: Callable[[Tensor], Tensor], own: Tensor) -> Tensor:
    """The slopes of shares, such that those of the logits keep their digits.

    Args:
        p: shares `[N, C, *S]`.
        labels: int32 `[N, 1, *S]`.
        each: slopes of the shares of other classes, `[N, C, *S]` or what broadcasts to it.
        at_top: the slope of a class, of indices `[N, 1, *S]`.
        own: slope of the sum of these shares, `[N, 1, *S]`; the label's share itself has none.
    """
    # Softmax cancels where a share is nearly 1, if not all slopes are taken from that one's, after which it is 0.
    top, zero = p.argmax(axis=1, keepdim=True, dtype="int32"), paddle.zeros([], p.dtype)
    missed, largest = top != labels, at_top(top)
    slopes = each + paddle.where(missed, -largest, own)
    put(slopes, labels, zero, "mul")
    put(slopes, labels, paddle.where(missed, -largest - own, zero), "add")
    return slopes


def refuse_second_derivatives() -> None:
    """Gradients are enabled in a backward pass under create_graph."""
    if paddle.is_grad_enabled():
        raise RuntimeError(str(_("Second derivatives (create_graph=True) of a softmax are not supported.")))


class _Overlaps(Differentiable):
    """Of shares, which may be anything where ignored."""

    @staticmethod
    def forward(
        ctx: Any, p: Tensor, labels: Tensor, valid: Tensor, weight: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.save_for_backward(p, labels, *([] if weight is None else [weight]))
        zero = paddle.zeros([], p.dtype)
        others = paddle.masked_fill(p, paddle.logical_not(valid), 0.0)
        put(others, labels, zero, "mul")
        error = others.sum(axis=1, keepdim=True)
        fp = spatial_sum(others if weight is None else others.multiply_(weight))
        right = paddle.where(valid, taken(p, labels), zero)
        if weight is not None:
            right, error = right * weight, error * weight
        table = paddle.zeros(p.shape, p.dtype)
        put(table, labels, right, "add")
        tp = spatial_sum(table)
        put(table, labels, zero, "mul")
        put(table, labels, error, "add")
        return tp, spatial_sum(table), fp

    @staticmethod
    def backward(ctx: Any, of_tp: Tensor, of_fn: Tensor, of_fp: Tensor) -> Tensor:
        refuse_second_derivatives()
        p, labels, *weights = ctx.saved_tensor()
        each = of_fp.reshape([*of_fp.shape, *[1] * (p.ndim - 2)])
        own = _at(of_fn - of_tp, labels)
        if not weights:
            return slopes_of(p, labels, each, partial(_at, of_fp), own)
        (weight,) = weights
        return slopes_of(p, labels, each * weight, lambda top: _at(of_fp, top) * weight, own * weight)


def _at(table: Tensor, index: Tensor) -> Tensor:
    """The entries of a table `[N, C]` at the indices of each sample, `[N, 1, *S]`."""
    samples, classes = table.shape
    first = paddle.arange(0, samples * classes, classes, dtype=index.dtype).reshape([-1] + [1] * (index.ndim - 1))
    return paddle.gather(table.flatten(), (index + first).flatten()).reshape(index.shape)
