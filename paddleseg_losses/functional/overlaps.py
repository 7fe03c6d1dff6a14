"""The overlap of each class with its label, of competing classes and hard labels, by Paddle's operators in few passes.

Shares are made once, and kept for the gradient. Sums of numbers that each pixel has at its label alone are made on a
table of the logits' size: adding them up by their labels at once, with atomic additions, would depend on the order.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import paddle

from ..differentiable import Differentiable
from ..inputs import Inputs
from ..numeric import put, spatial_sum, taken
from ..shares import Shares, slopes_of
from ..softmax import refuse_second_derivatives

Tensor = Any


def overlaps(inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
    """Sums of p and of 1 - p over the pixels of each class, and of p over those of other classes, `[N, C]`."""
    tp, fn, fp = _Overlaps.apply(inputs.shares.p, inputs.shares, inputs.pixel_weight)
    return tp, fn, fp


class _Overlaps(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, shares: Shares, weight: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        ctx.shares, ctx.weight = shares, weight
        others, zero = shares.of_others(), paddle.zeros([], p.dtype)
        fp = spatial_sum(others if weight is None else others.multiply_(weight))
        right, error = paddle.where(shares.valid, taken(p, shares.labels), zero), shares.error
        if weight is not None:
            right, error = right * weight, error * weight
        table = paddle.zeros(p.shape, p.dtype)
        put(table, shares.labels, right, "add")
        tp = spatial_sum(table)
        put(table, shares.labels, zero, "mul")
        put(table, shares.labels, error, "add")
        return tp, spatial_sum(table), fp

    @staticmethod
    def backward(ctx: Any, of_tp: Tensor, of_fn: Tensor, of_fp: Tensor) -> Tensor:
        refuse_second_derivatives()
        shares, weight = ctx.shares, ctx.weight
        each = of_fp.reshape([*of_fp.shape, *[1] * (shares.p.ndim - 2)])
        own = _at(of_fn - of_tp, shares.labels)
        if weight is None:
            return slopes_of(shares, each, partial(_at, of_fp), own)
        return slopes_of(shares, each * weight, lambda top: _at(of_fp, top) * weight, own * weight)


def _at(table: Tensor, index: Tensor) -> Tensor:
    """The entries of a table `[N, C]` at the indices of each sample, `[N, 1, *S]`."""
    samples, classes = table.shape
    first = paddle.arange(0, samples * classes, classes, dtype=index.dtype).reshape([-1] + [1] * (index.ndim - 1))
    return paddle.gather(table.flatten(), (index + first).flatten()).reshape(index.shape)
