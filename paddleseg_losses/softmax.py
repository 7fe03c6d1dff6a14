"""Competing classes by Paddle's operators: shares, and each pixel's label against the others together.

An error is the sum of the other shares, never 1 minus one of them. What is read and written here decides what a loss
costs where no kernel is: operators of one gradient (`PyLayer`) change a copy in place where the graph's would write a
new one. A static graph has none, and composes the same of `where`.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Callable

import paddle
import paddle.nn.functional as F

from .differentiable import Differentiable, change_gradient
from .i18n import _
from .numeric import FAR, is_largest, put, shape_of, sigmoids, taken

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


def shares(z: Tensor, valid: Tensor) -> Tensor:
    """Shares over axis 1 that may be anything where not valid: slopes stop there. They need those of `slopes_of`."""
    x = z.unsqueeze(0).squeeze(0)  # a view to put a hook on: one on z would meet what others make of z, too
    change_gradient(x, partial(_where_valid, valid))
    return F.softmax(x, axis=1)


def _where_valid(valid: Tensor, slopes: Tensor) -> Tensor:
    """Slopes of logits, 0 where ignored."""
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


def excess(p: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Shares p of `shares` minus the target; at the label minus the sum of the others, and 0 where not valid."""
    return _Excess.apply(p, labels, valid)


class _Excess(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
        ctx.save_for_backward(p, labels)
        slope = paddle.masked_fill(p, paddle.logical_not(valid), 0.0)
        put(slope, labels, paddle.zeros([], p.dtype), "mul")
        put(slope, labels, -slope.sum(axis=1, keepdim=True), "add")
        return slope

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        p, labels = ctx.saved_tensor()
        return slopes_of(p, labels, upstream, lambda top: taken(upstream, top), -taken(upstream, labels))


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


def likelihood(z: Tensor, labels: Tensor, valid: Tensor, p: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The error e of each pixel's label, the sum of the other shares, and -log(1 - e), `[N, 1, *S]`.

    Outside of static graphs.

    Args:
        z: `[N, C, *S]`.
        labels: int32 indices `[N, 1, *S]`.
        valid: which pixels count, bool of the same shape; both results are 0 elsewhere.
        p: what `shares` makes of z, if others keep it already.
    """
    error, nll = _Likelihood.apply(z, labels, valid, None if p is None else p.detach())
    return error, nll


class _Likelihood(Differentiable):
    """Keeps the likelihood, and the shares of the others if nobody else keeps shares; has a second derivative."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, labels: Tensor, valid: Tensor, p: Tensor | None) -> tuple[Tensor, Tensor]:
        flat, index, zero = z.flatten(2), labels.flatten(2), paddle.zeros([], z.dtype)
        share = F.softmax(flat, axis=1) if p is None else p.flatten(2)
        others = paddle.masked_fill(share, paddle.logical_not(valid.flatten(2)), 0.0)
        put(others, index, zero, "mul")
        error = others.sum(axis=1, keepdim=True)
        # By the largest: of logits far from 0, the logarithm of their sum has few digits after the point.
        top = share.argmax(axis=1, keepdim=True, dtype="int32")
        gap = taken(flat, top) - taken(flat, index) - paddle.log(taken(share, top))
        nll = paddle.where(error < paddle.full([], 0.5, z.dtype), -paddle.log1p(-error), gap)
        ctx.set_materialize_grads(False)
        ctx.shared = p is not None
        ctx.save_for_backward(z, labels, valid, others if p is None else p, nll.detach())
        return error.reshape(labels.shape), nll.reshape(labels.shape)

    @staticmethod
    def backward(ctx: Any, of_error: Tensor | None, of_nll: Tensor | None) -> Tensor:
        z, labels, valid, kept, nll = ctx.saved_tensor()
        if paddle.is_grad_enabled():
            return _slopes(z, labels, valid, of_error, of_nll)
        index, slope = labels.flatten(2), None if of_nll is None else of_nll.flatten(2)
        if of_error is not None:
            through = of_error.flatten(2) * paddle.exp(-nll)
            slope = through if slope is None else slope + through
        slopes = kept.flatten(2) * slope
        if ctx.shared:
            slopes = paddle.masked_fill(slopes, paddle.logical_not(valid.flatten(2)), 0.0)
            put(slopes, index, paddle.zeros([], z.dtype), "mul")
        put(slopes, index, slope * paddle.expm1(-nll), "add")
        return slopes.reshape(z.shape)


def _slopes(z: Tensor, labels: Tensor, valid: Tensor, of_error: Tensor | None, of_nll: Tensor | None) -> Tensor:
    """The gradient of the likelihood, with a gradient of its own."""
    classes = paddle.arange(z.shape[1], dtype=labels.dtype).reshape([1, -1] + [1] * (z.ndim - 2))
    others = paddle.logical_and(labels != classes, valid)
    error, right = sigmoids(log_odds_against(paddle.where(valid, z, paddle.zeros([], z.dtype)), labels, others))
    share = F.softmax(paddle.where(others, z, paddle.full([], -2 * FAR, z.dtype)), axis=1)
    slope = 0.0 if of_nll is None else of_nll
    slope = (slope if of_error is None else slope + of_error * right) * error
    return paddle.where(others, share, paddle.full([], -1.0, z.dtype)) * slope


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
