"""Sums over the pixels of each class and of the others, of competing classes and hard labels, by Paddle's operators.

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
        ctx.save_for_backward(p, shares.labels, *([] if weight is None else [weight]))
        ctx.top = shares.top
        others, zero = shares.of_others(), paddle.zeros([], p.dtype)
        fp = spatial_sum(others if weight is None else others.multiply_(weight))
        right, error = paddle.where(shares.valid, taken(p, shares.labels), zero), shares.error
        if weight is not None:
            right, error = right * weight, error * weight
        table = paddle.zeros(p.shape, p.dtype)
        put(table, shares.labels, right, "add")
        tp = spatial_sum(table)
        put(table, shares.labels, zero, "mul")  # a second table would cost as much as a pass over the logits
        put(table, shares.labels, error, "add")
        return tp, spatial_sum(table), fp

    @staticmethod
    def backward(ctx: Any, of_tp: Tensor, of_fn: Tensor, of_fp: Tensor) -> Tensor:
        refuse_second_derivatives()
        p, labels, *weights = ctx.saved_tensor()
        each = of_fp.reshape([*of_fp.shape, *[1] * (p.ndim - 2)])
        own = _at(of_fn - of_tp, labels)
        if not weights:
            return slopes_of(p, labels, ctx.top, each, partial(_at, of_fp), own)
        (weight,) = weights
        return slopes_of(p, labels, ctx.top, each * weight, lambda top: _at(of_fp, top) * weight, own * weight)


def sums_by_label(inputs: Inputs, values: Tensor) -> Tensor:
    """Sums of one value of each pixel, `[N, 1, *S]` and 0 where ignored, over those of each class, `[N, C]`."""
    return _ByLabel.apply(values, inputs.index, inputs.channels)


class _ByLabel(Differentiable):
    """Keeps the labels, and has a second derivative."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, labels: Tensor, channels: int) -> Tensor:
        ctx.save_for_backward(labels)
        table = paddle.zeros([values.shape[0], channels, *values.shape[2:]], values.dtype)
        put(table, labels, values, "add")
        return spatial_sum(table)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (labels,) = ctx.saved_tensor()
        return _at(upstream, labels)


def powers_of_others(inputs: Inputs, exponent: float) -> Tensor:
    """Sums of p^exponent, which is above 1, over the pixels of other classes, `[N, C]`."""
    return _PowersOfOthers.apply(inputs.shares.p, inputs.shares, exponent, inputs.pixel_weight)


class _PowersOfOthers(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, shares: Shares, exponent: float, weight: Tensor | None) -> Tensor:
        ctx.save_for_backward(p, shares.labels, *([] if weight is None else [weight]))
        ctx.top, ctx.exponent = shares.top, exponent
        values = _powered(shares.of_others(), exponent)
        return spatial_sum(values if weight is None else values.multiply_(weight))

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        p, labels, *weights = ctx.saved_tensor()
        factor = upstream * paddle.full([], ctx.exponent, upstream.dtype)
        each = _powered(p, ctx.exponent - 1) * factor.reshape([*factor.shape, *[1] * (p.ndim - 2)])
        for weight in weights:
            each = each.multiply_(weight)
        return slopes_of(p, labels, ctx.top, each, partial(taken, each), paddle.zeros([], each.dtype))


def _powered(x: Tensor, exponent: float) -> Tensor:
    """x^exponent, to the power 1 x itself; numbers of Python would be rounded to float32."""
    if exponent == 1:
        return x
    return x.square() if exponent == 2 else paddle.pow(x, paddle.full([], exponent, x.dtype))


def _at(table: Tensor, index: Tensor) -> Tensor:
    """The entries of a table `[N, C]` at the indices of each sample, `[N, 1, *S]`."""
    samples, classes = table.shape
    first = paddle.arange(0, samples * classes, classes, dtype=index.dtype).reshape([-1] + [1] * (index.ndim - 1))
    return paddle.gather(table.flatten(), (index + first).flatten()).reshape(index.shape)
