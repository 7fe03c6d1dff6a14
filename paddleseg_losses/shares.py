"""Shares of competing classes of pixels with one label each, outside static graphs: the error, and its likelihood.

What is read and written here decides what a loss costs where no kernel is: operators of one gradient (`PyLayer`) change
a copy in place where the graph's would write a new one.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

import paddle
import paddle.nn.functional as F

from .differentiable import Differentiable, change_gradient
from .numeric import FAR, put, sigmoids, taken
from .softmax import log_odds_against, refuse_second_derivatives

Tensor = Any


class Shares:
    """Shares over axis 1, and what several operations read of them.

    Slopes stop where not valid, and those of shares need `slopes_of`.

    Attributes:
        logits: `[N, C, *S]`; slopes handed to these may be anything where not valid.
        labels: int32 indices `[N, 1, *S]`.
        valid: which pixels count, bool of the same shape.
        p: shares `[N, C, *S]`, which may be anything where not valid.
        top: the index of the largest share as `top_of` finds it, for all operations once.
    """

    def __init__(self, z: Tensor, labels: Tensor, valid: Tensor) -> None:
        self.labels, self.valid = labels, valid
        self.logits = z.unsqueeze(0).squeeze(0)  # a view with a hook: one on z would meet what others make of z, too
        change_gradient(self.logits, partial(_where_valid, valid))
        self.p = F.softmax(self.logits, axis=1)
        self.top: list[Tensor] = []
        self._error: Tensor | None = None

    def of_others(self, ignored: float = 0.0) -> Tensor:
        """A new tensor of the shares: 0 at the label, and elsewhere `ignored` where not valid."""
        with paddle.no_grad():
            others = _of_others(self.p, self.labels, self.valid, ignored)
            if self._error is None:
                error = others.sum(axis=1, keepdim=True)
                self._error = paddle.where(self.valid, error, paddle.zeros([], error.dtype)) if ignored else error
        return others

    @property
    def error(self) -> Tensor:
        """The sum of the other shares, `[N, 1, *S]`, 0 where not valid; a number for the gradient."""
        if self._error is None:
            self.of_others()
        return self._error


def _where_valid(valid: Tensor, x: Tensor) -> Tensor:
    """A new tensor of logits or their slopes, 0 where ignored."""
    return paddle.masked_fill(x, paddle.logical_not(valid), 0.0)


def _of_others(p: Tensor, labels: Tensor, valid: Tensor, ignored: float = 0.0) -> Tensor:
    others = paddle.masked_fill(p, paddle.logical_not(valid), ignored)
    put(others, labels, paddle.zeros([], p.dtype), "mul")
    return others


def top_of(p: Tensor, known: list[Tensor]) -> Tensor:
    """The index of the largest share, int32 `[N, 1, *S]`: what is known already, or will be then."""
    if not known:
        with paddle.no_grad():
            known.append(p.argmax(axis=1, keepdim=True, dtype="int32"))
    return known[0]


def slopes_of(
    p: Tensor, labels: Tensor, top: list[Tensor], each: Tensor, at_top: Callable[[Tensor], Tensor], own: Tensor
) -> Tensor:
    """The slopes of shares, such that those of the logits keep their digits.

    Args:
        p: shares `[N, C, *S]`.
        labels: int32 `[N, 1, *S]`.
        top: for `top_of`.
        each: slopes of the shares of other classes, `[N, C, *S]` or what broadcasts to it.
        at_top: the slope of a class, of indices `[N, 1, *S]`.
        own: slope of the sum of these shares, `[N, 1, *S]`; the label's share itself has none.
    """
    # Softmax cancels where a share is nearly 1, if not all slopes are taken from that one's, after which it is 0.
    place, zero = top_of(p, top), paddle.zeros([], p.dtype)
    missed, largest = place != labels, at_top(place)
    slopes = each + paddle.where(missed, -largest, own)
    put(slopes, labels, zero, "mul")
    put(slopes, labels, paddle.where(missed, -largest - own, zero), "add")
    return slopes


def excess(shares: Shares) -> Tensor:
    """Shares minus the target; at the label minus the sum of the others, and 0 where not valid."""
    return _Excess.apply(shares.p, shares)


class _Excess(Differentiable):
    @staticmethod
    def forward(ctx: Any, p: Tensor, shares: Shares) -> Tensor:
        ctx.save_for_backward(p, shares.labels)
        ctx.top = shares.top
        slope = shares.of_others()
        put(slope, shares.labels, -shares.error, "add")
        return slope

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        p, labels = ctx.saved_tensor()
        return slopes_of(p, labels, ctx.top, upstream, partial(taken, upstream), -taken(upstream, labels))


def likelihood(shares: Shares) -> tuple[Tensor, Tensor]:
    """The error e of each pixel's label, the sum of the other shares, and -log(1 - e), `[N, 1, *S]`, 0 where not valid.

    For pixels whose shares other operations keep.
    """
    error, nll = _Likelihood.apply(shares.logits, shares)
    return error, nll


class _Likelihood(Differentiable):
    """Keeps the likelihood; has a second derivative."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, shares: Shares) -> tuple[Tensor, Tensor]:
        labels, error, top = shares.labels, shares.error, top_of(shares.p, shares.top)
        # By the largest: of logits far from 0, the logarithm of their sum has few digits after the point.
        gap = taken(z, top) - taken(z, labels) - paddle.log(taken(shares.p, top))
        nll = paddle.where(error < paddle.full([], 0.5, z.dtype), -paddle.log1p(-error), gap)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(z, labels, shares.valid, shares.p.detach(), nll.detach())
        return error, nll

    @staticmethod
    def backward(ctx: Any, of_error: Tensor | None, of_nll: Tensor | None) -> Tensor:
        z, labels, valid, p, nll = ctx.saved_tensor()
        if paddle.is_grad_enabled():
            error, right = sigmoids(_composed_log_odds(z, labels, valid))
            slope = 0.0 if of_nll is None else of_nll
            return _slopes(z, labels, valid, (slope if of_error is None else slope + of_error * right) * error)
        slope = of_nll
        if of_error is not None:
            through = of_error * paddle.exp(-nll)
            slope = through if slope is None else slope + through
        slopes = p * slope
        put(slopes, labels, paddle.zeros([], z.dtype), "mul")
        put(slopes, labels, slope * paddle.expm1(-nll), "add")
        return slopes


def log_odds(z: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Log-odds of the others together against each pixel's label, `[N, 1, *S]`; where not valid any finite number.

    Args:
        z: `[N, C, *S]`.
        labels: int32 indices `[N, 1, *S]`.
        valid: which pixels count, bool of the same shape; elsewhere the slope of the result must be 0.
    """
    return _LogOdds.apply(z, labels, valid)


class _LogOdds(Differentiable):
    """Keeps the shares that the others have of each other; has a second derivative."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
        others = _where_valid(valid, z)
        own = taken(others, labels)
        put(others, labels, paddle.full([], _far_below(z.dtype), z.dtype), "add")
        top = others.argmax(axis=1, keepdim=True, dtype="int32")
        gap = taken(others, top) - own  # by the largest, as above
        share = F.softmax_(others, axis=1)  # in the memory of the logits
        ctx.save_for_backward(z, labels, valid, share)
        return gap - paddle.log(taken(share, top))

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        z, labels, valid, share = ctx.saved_tensor()
        if paddle.is_grad_enabled():
            return _slopes(z, labels, valid, upstream)
        slopes = share * upstream
        put(slopes, labels, -upstream, "add")  # the label has no share
        return slopes


def _far_below(dtype: Any) -> float:
    """What takes its share from a logit if added: half of the lowest number, so that the sum stays finite."""
    return float(paddle.finfo(dtype).min) / 2


def _composed_log_odds(z: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """`log_odds` with a gradient by Paddle's operators."""
    return log_odds_against(paddle.where(valid, z, paddle.zeros([], z.dtype)), labels, _is_other(z, labels, valid))


def _slopes(z: Tensor, labels: Tensor, valid: Tensor, upstream: Tensor) -> Tensor:
    """The gradient of the log-odds, with a gradient of its own."""
    others = _is_other(z, labels, valid)
    share = F.softmax(paddle.where(others, z, paddle.full([], -2 * FAR, z.dtype)), axis=1)
    return paddle.where(others, share, paddle.full([], -1.0, z.dtype)) * upstream


def _is_other(z: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Where a channel is not the pixel's label, among the pixels that count."""
    classes = paddle.arange(z.shape[1], dtype=labels.dtype).reshape([1, -1] + [1] * (z.ndim - 2))
    return paddle.logical_and(labels != classes, valid)
