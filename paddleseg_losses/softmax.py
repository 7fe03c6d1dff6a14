"""Competing classes by Paddle's operators: shares, and their logarithms and odds, in static graphs too.

An error is the sum of the other shares, never 1 minus one of them.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import paddle
import paddle.nn.functional as F

from .differentiable import Differentiable, change_gradient
from .i18n import _
from .numeric import FAR, is_largest, shape_of, taken

Tensor = Any


def softmax(z: Tensor, valid: Tensor) -> Tensor:
    """Shares p over axis 1, finite where not valid, with slopes that keep their digits where one is nearly 1."""
    zero = paddle.zeros([], z.dtype)
    if paddle.in_dynamic_mode():
        p = F.softmax(_Guarded.apply(z, paddle.logical_not(valid)), axis=1)
        change_gradient(p, partial(_shifted, p.detach()))
        return p
    p = F.softmax(paddle.where(valid, z, zero), axis=1)
    large = p > 0.5
    others = paddle.where(large, zero, p)
    # The large share as 1 minus the others: its gradient goes to them, where it is small.
    return paddle.where(valid, paddle.where(large, 1 - others.sum(axis=1, keepdim=True), others), zero)


class _Guarded(Differentiable):
    """Logits of a softmax where they count; elsewhere 0, value and gradient, whatever stands there."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, ignored: Tensor) -> Tensor:
        ctx.save_for_backward(ignored)
        return paddle.masked_fill(z, ignored, 0.0)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        (ignored,) = ctx.saved_tensor()
        return paddle.masked_fill(upstream, ignored, 0.0)


def _shifted(p: Tensor, slopes: Tensor) -> Tensor:
    """The slopes u of shares p, less that of the largest share.

    Paddle's softmax makes p (u - sum of u p) of them, which cancels where a share is nearly 1; it stays the same if all
    of a pixel's slopes change alike.
    """
    return slopes - taken(slopes, p.argmax(axis=1, keepdim=True, dtype="int32"))


def refuse_second_derivatives() -> None:
    """Gradients are enabled in a backward pass under create_graph."""
    if paddle.is_grad_enabled():
        raise RuntimeError(str(_("Second derivatives (create_graph=True) of a softmax are not supported.")))


def one_minus_shares(p: Tensor) -> Tensor:
    """1 - p of the shares of `softmax`; of one that is nearly 1 it is the sum of the others."""
    large = p > 0.5
    rest = paddle.where(large, paddle.zeros([], p.dtype), p).sum(axis=1, keepdim=True)
    return paddle.where(large, rest, 1 - p)


def log_softmax(z: Tensor) -> Tensor:
    """Log-probabilities over axis 1, by the distances to the largest: that one's keeps its digits near 0."""
    largest, zero = is_largest(z), paddle.zeros([], z.dtype)
    top = paddle.where(largest, z, zero).sum(axis=1, keepdim=True)
    gap = paddle.where(largest, zero, z - top)
    others = paddle.where(largest, zero, paddle.exp(gap)).sum(axis=1, keepdim=True)
    return gap - paddle.log1p(others)


def one_vs_rest(z: Tensor) -> Tensor:
    """Log-odds of every channel against the others together: z_c - log sum_{k != c} e^{z_k}.

    The sum without c is the whole sum minus e^{z_c}, except for the largest channel, where that would cancel: the
    others are then summed on their own. All are taken from a logit near them, so that large ones lose no digits.
    """
    largest = is_largest(z)
    peak = z.amax(axis=1, keepdim=True).detach()
    share = paddle.exp(z - peak)
    rest = share.sum(axis=1, keepdim=True) - share
    below = paddle.where(largest, paddle.full([], -FAR, z.dtype), z)
    second = below.amax(axis=1, keepdim=True).detach()
    log_below = paddle.log(paddle.exp(below - second).sum(axis=1, keepdim=True))
    log_rest = paddle.log(paddle.where(largest, paddle.ones([], z.dtype), rest))
    return z - paddle.where(largest, second, peak) - paddle.where(largest, log_below, log_rest)


def log_odds_against(z: Tensor, labels: Tensor, others: Tensor) -> Tensor:
    """Log-odds of the others over axis 1 together against the labelled one, `[N, 1, *S]`.

    Args:
        z: `[N, C, *S]`.
        labels: indices `[N, 1, *S]`.
        others: where there is another one that counts; -1e30 comes of none.
    """
    own = taken(z, labels).clip(min=-FAR)  # one of -infinity, of a class that is masked out, cannot be subtracted
    return _log_odds(z, own, others)


def log_odds(z: Tensor, ones: Tensor, others: Tensor) -> Tensor:
    """Log-odds of the others over axis 1 together against the ones together, `[N, 1, *S]`."""
    own = _log_sum_exp(paddle.where(ones, z, paddle.full([], -FAR, z.dtype))).clip(min=-FAR)
    return _log_odds(z, own, others)


def _log_odds(z: Tensor, own: Tensor, others: Tensor) -> Tensor:
    odds = _log_sum_exp(paddle.where(others, z - own, paddle.full([], -FAR, z.dtype)))
    return paddle.where(odds > FAR / 2, paddle.full([], math.inf, z.dtype), odds)


def _log_sum_exp(z: Tensor) -> Tensor:
    """Log of the sum of e^z over axis 1, which stays."""
    if z.ndim <= 4:  # Paddle takes no more
        return paddle.logsumexp(z, axis=1, keepdim=True)
    flat = paddle.logsumexp(z.flatten(2), axis=1, keepdim=True)
    return flat.reshape(shape_of(z[:, :1]))
