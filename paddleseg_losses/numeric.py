"""Numerics that the formulas share: accurate near 0 and 1, finite for every logit.

Only tensors that nobody else reads are detached: in a static graph `detach` shares memory that may be overwritten.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from .differentiable import Differentiable
from .i18n import _

Tensor = Any

SMALLEST = 2e-38  # above it a float32 is no denormal, which a device may take for 0
FAR = 1e30  # a logit of -1e30 has no share
ROUNDING = 1e-2  # sums of shares in half precision are off by so much, and single ones exceed 1
EPSILON = 1e-7  # below it a fractional power continues as a straight line


def name_of(dtype: Any) -> str:
    """As NumPy spells it: 'float32'."""
    return str(dtype).replace("paddle.", "")


def constant(numbers: Any, dtype: Any) -> Tensor:
    """Numbers as a tensor; `paddle.to_tensor` would keep some hundred bytes of each call for ever.

    `paddle.assign` makes a list of an array, and Paddle 2.6 makes float32 of float64.
    """
    array = np.asarray(numbers, name_of(dtype))
    return paddle.to_tensor(array) if array.size > 1000 or array.dtype == np.float64 else paddle.assign(array)


def spatial_sum(x: Tensor) -> Tensor:
    """Sum over the spatial axes, `[N, C, *S]` -> `[N, C]`.

    One axis at a time: Paddle's float32 sum over several axes at once loses 2e-5 on 512x512, this 1e-6.
    """
    for _axis in range(x.ndim - 2):
        x = x.sum(axis=-1)
    return x


def grand_total(x: Tensor) -> Tensor:
    """Sum of all elements, 0-D."""
    return spatial_sum(x).sum()


def safe_divide(a: Tensor, b: Tensor) -> Tensor:
    """`a / b`, and 0 where b is 0 (only where a is 0 too)."""
    zero = b == 0
    return paddle.where(zero, paddle.zeros_like(a), a / paddle.where(zero, paddle.ones_like(b), b))


def smooth_divide(a: Tensor, b: Tensor, smooth: float) -> Tensor:
    """`a / (b + smooth)` for b >= 0, and 0 where that is 0 / 0."""
    return safe_divide(a, b + smooth) if smooth < SMALLEST else a / (b + smooth)


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x), accurate to the last bits for any x, and its slope too (`F.softplus` is 0 below -17)."""
    return _Softplus.apply(x) if paddle.in_dynamic_mode() else _softplus(x)


def _softplus(x: Tensor) -> Tensor:
    negative = x < 0
    linear = paddle.where(negative, paddle.zeros([], x.dtype), x)
    return linear + paddle.log1p(paddle.exp(paddle.where(negative, x, -x)))


class _Softplus(Differentiable):
    """Keeps x alone, and has a second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return _softplus(x)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (x,) = ctx.saved_tensor()
        return upstream * sigmoids(x)[0]


def sigmoids(x: Tensor) -> tuple[Tensor, Tensor]:
    """The sigmoids of x and of -x, with slopes that keep their digits near 0 and near 1.

    Paddle's own slope is s (1 - s), which is 0 where s rounds to 1.
    """
    negative = x < 0
    small = F.sigmoid(paddle.where(negative, x, -x))
    large = 1 - small
    return paddle.where(negative, small, large), paddle.where(negative, large, small)


def softmax(z: Tensor, valid: Tensor) -> Tensor:
    """Shares p over axis 1, 0 where not valid, with slopes that keep their digits where one share is nearly 1."""
    zero = paddle.zeros([], z.dtype)
    if paddle.in_dynamic_mode():
        return _Softmax.apply(z, valid, zero)
    p = F.softmax(paddle.where(valid, z, zero), axis=1)
    large = p > 0.5
    others = paddle.where(large, zero, p)
    # The large share as 1 minus the others: its gradient goes to them, where it is small.
    return paddle.where(valid, paddle.where(large, 1 - others.sum(axis=1, keepdim=True), others), zero)


class _Softmax(Differentiable):
    """Keeps the shares alone."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, valid: Tensor, zero: Tensor) -> Tensor:
        p = paddle.where(valid, F.softmax(z, axis=1), zero)
        ctx.save_for_backward(p.detach(), zero)  # the result itself would hold its own graph for ever
        return p

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        if paddle.is_grad_enabled():
            raise RuntimeError(str(_("Second derivatives (create_graph=True) of a softmax are not supported.")))
        p, zero = ctx.saved_tensor()
        # p (u - sum of u p) cancels where a share is nearly 1; no slope changes if all of a pixel's u change alike.
        upstream = upstream - paddle.where(p > 0.5, upstream, zero).sum(axis=1, keepdim=True)
        return p * (upstream - (upstream * p).sum(axis=1, keepdim=True))


def one_minus_shares(p: Tensor) -> Tensor:
    """1 - p of the shares of `softmax`; of one that is nearly 1 it is the sum of the others."""
    large = p > 0.5
    rest = paddle.where(large, paddle.zeros([], p.dtype), p).sum(axis=1, keepdim=True)
    return paddle.where(large, rest, 1 - p)


def is_largest(z: Tensor) -> Tensor:
    """Where the largest number over axis 1 is, the first of equal ones."""
    with paddle.no_grad():
        top = z.argmax(axis=1, keepdim=True)
    return top == paddle.arange(z.shape[1], dtype=top.dtype).reshape([1, -1] + [1] * (z.ndim - 2))


def log_softmax(z: Tensor) -> Tensor:
    """Log-probabilities over axis 1, by the distances to the largest: that one's keeps its digits near 0."""
    largest, zero = is_largest(z), paddle.zeros([], z.dtype)
    top = paddle.where(largest, z, zero).sum(axis=1, keepdim=True)
    gap = paddle.where(largest, zero, z - top)
    others = paddle.where(largest, zero, paddle.exp(gap)).sum(axis=1, keepdim=True)
    return gap - paddle.log1p(others)


def log_odds_against(z: Tensor, labels: Tensor, others: Tensor) -> Tensor:
    """Log-odds of the others over axis 1 together against the labelled one, `[N, 1, *S]`.

    Args:
        z: `[N, C, *S]`.
        labels: indices `[N, 1, *S]`.
        others: where there is another one that counts; -1e30 comes of none.
    """
    return (_LogOdds.apply if paddle.in_dynamic_mode() else _log_odds)(z, labels, others)


def _log_odds(z: Tensor, labels: Tensor, others: Tensor) -> Tensor:
    return _log_odds_against(z, _own(z, labels), others)


def log_odds(z: Tensor, ones: Tensor, others: Tensor) -> Tensor:
    """Log-odds of the others over axis 1 together against the ones together, `[N, 1, *S]`."""
    own = _log_sum_exp(paddle.where(ones, z, paddle.full([], -FAR, z.dtype))).clip(min=-FAR)
    return _log_odds_against(z, own, others)


def _log_odds_against(z: Tensor, own: Tensor, others: Tensor) -> Tensor:
    odds = _log_sum_exp(paddle.where(others, z - own, paddle.full([], -FAR, z.dtype)))
    return paddle.where(odds > FAR / 2, paddle.full([], math.inf, z.dtype), odds)


def _log_sum_exp(z: Tensor) -> Tensor:
    """Log of the sum of e^z over axis 1, which stays."""
    if z.ndim <= 4:  # Paddle takes no more
        return paddle.logsumexp(z, axis=1, keepdim=True)
    flat = paddle.logsumexp(z.flatten(2), axis=1, keepdim=True)
    return flat.reshape(shape_of(z[:, :1]))


def _own(z: Tensor, labels: Tensor) -> Tensor:
    """The labelled logit; one of -infinity, of a class that is masked out, is a finite number to subtract."""
    return paddle.take_along_axis(z, labels, axis=1).clip(min=-FAR)


class _LogOdds(Differentiable):
    """Keeps nothing of the size of the logits but themselves, and has a second derivative."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, labels: Tensor, others: Tensor) -> Tensor:
        odds = _log_odds(z, labels, others)
        ctx.save_for_backward(z, others)
        return odds

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        z, others = ctx.saved_tensor()
        # By distances to the largest other one: those to the label, or to the odds, are rounded where logits are large.
        share = F.softmax(paddle.where(others, z, paddle.full([], -2 * FAR, z.dtype)), axis=1)
        return paddle.where(others, share, paddle.full([], -1.0, z.dtype)) * upstream


def shape_of(x: Tensor) -> Any:
    """The shape, which is a tensor where a static graph leaves sizes open."""
    return paddle.shape(x) if -1 in x.shape else x.shape


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


def clipped(share: Tensor) -> Tensor:
    """A share that rounding has carried out of [0, 1] as 0 or 1; at 0 and 1 the gradient passes, unlike in `clip`."""
    share = paddle.where(share > 1, paddle.ones_like(share), share)
    return paddle.where(share < 0, paddle.zeros_like(share), share)


def power(x: Tensor, exponent: float) -> Tensor:
    """x^exponent for x >= 0 with a bounded slope: a straight line through 0 below 1e-7 where exponent < 1."""
    if exponent == 0:
        return x * 0 + 1  # attached to the graph
    if exponent == 1:
        return x
    exact = paddle.full([], exponent, x.dtype)  # `x**exponent` rounds the exponent to float32
    if exponent > 1:
        return paddle.pow(x, exact)
    tiny = x <= EPSILON
    curve = paddle.pow(paddle.where(tiny, paddle.ones_like(x), x), exact)
    return paddle.where(tiny, x * EPSILON ** (exponent - 1), curve)


def one_minus_exp(x: Tensor) -> Tensor:
    """1 - e^x for x <= 0, whose value keeps its digits near 0, and whose slope keeps them far below."""
    near, zero = x > -0.5, paddle.zeros([], x.dtype)
    return paddle.where(near, -paddle.expm1(paddle.where(near, x, zero)), 1 - paddle.exp(paddle.where(near, zero, x)))


def log_cosh(x: Tensor) -> Tensor:
    """Log cosh x, accurate near 0, where the usual x + softplus(-2x) - log 2 cancels."""
    return paddle.log1p(2 * paddle.sinh(x / 2) ** 2)


LOG_COSH_1 = math.log(math.cosh(1.0))
