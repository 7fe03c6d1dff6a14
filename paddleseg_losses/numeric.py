"""Numerics that the formulas share: accurate near 0 and 1, finite for every logit.

Only tensors that nobody else reads are detached: in a static graph `detach` shares memory that may be overwritten.
"""

from __future__ import annotations

import math
from typing import Any

import paddle

Tensor = Any

SMALLEST = 2e-38  # above it a float32 is no denormal, which a device may take for 0
ROUNDING = 1e-2  # sums of shares in half precision are off by so much, and single ones exceed 1
EPSILON = 1e-7  # below it a fractional power continues as a straight line


def name_of(dtype: Any) -> str:
    """As NumPy spells it: 'float32'."""
    return str(dtype).replace("paddle.", "")


def spatial_sum(x: Tensor) -> Tensor:
    """Sum over the spatial axes, `[N, C, *S]` -> `[N, C]`.

    One axis at a time: Paddle's float32 sum over several axes at once loses 2e-5 on 512x512, this 1e-6.
    """
    for _ in range(x.ndim - 2):
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
    """log(1 + e^x), accurate to the last bits for any x, with slope 1/2 at 0 (`F.softplus` is 0 below -17)."""
    size = x.abs()
    return (x + size) / 2 + paddle.log1p(paddle.exp(-size))


def log_softmax(z: Tensor) -> Tensor:
    """Log-probabilities over axis 1 (`F.log_softmax` on a CPU stops at -64)."""
    shifted = z - z.max(axis=1, keepdim=True).detach()
    return shifted - paddle.log(paddle.exp(shifted).sum(axis=1, keepdim=True))


def one_vs_rest(z: Tensor) -> Tensor:
    """Log-odds of every channel against the others together: z_c - log sum_{k != c} e^{z_k}.

    The sum without c is the whole sum minus e^{z_c}, except for the largest channel, where that would cancel: the
    others are then summed on their own.
    """
    with paddle.no_grad():
        top = z.argmax(axis=1, keepdim=True)
        channel = paddle.arange(z.shape[1], dtype=top.dtype).reshape([1, -1] + [1] * (z.ndim - 2))
        largest = channel == top
        far = paddle.full_like(z, -1e30)
    peak = z.max(axis=1, keepdim=True).detach()
    share = paddle.exp(z - peak)
    rest = share.sum(axis=1, keepdim=True) - share
    others = paddle.where(largest, far, z)
    second = others.max(axis=1, keepdim=True).detach()
    log_others = second + paddle.log(paddle.exp(others - second).sum(axis=1, keepdim=True))
    log_rest = peak + paddle.log(paddle.where(largest, paddle.ones_like(rest), rest))
    return z - paddle.where(largest, log_others.expand_as(z), log_rest)


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


def log_cosh(x: Tensor) -> Tensor:
    """Log cosh x, accurate near 0, where the usual x + softplus(-2x) - log 2 cancels."""
    return paddle.log1p(2 * paddle.sinh(x / 2) ** 2)


LOG_COSH_1 = math.log(math.cosh(1.0))
