"""Numerics that the formulas share: accurate near 0 and 1, finite for every logit.

Only tensors that nobody else reads are detached: in a static graph `detach` shares memory that may be overwritten.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from .differentiable import Differentiable

Tensor = Any

# Types of numbers; asking Paddle what a tensor holds takes longer, which counts where an image is small.
# They are sets, for comparing two types takes longer than looking one up.
FLOATS = frozenset((paddle.float32, paddle.float64, paddle.float16, paddle.bfloat16))
COMPLEX = frozenset((paddle.complex64, paddle.complex128))

SMALLEST = 2e-38  # above it a float32 is no denormal, which a device may take for 0
FAR = 1e30  # a logit of -1e30 has no share
ROUNDING = 1e-2  # sums of shares in half precision are off by so much, and single ones exceed 1
_KEPT = 10_000  # a constant with more numbers is copied by every call
_LONG = 1 << 12  # an axis with more pixels is summed in float64
EPSILON = 1e-7  # below it a fractional power continues as a straight line


def name_of(dtype: Any) -> str:
    """As NumPy spells it: 'float32'."""
    return str(dtype).replace("paddle.", "")


def constant(numbers: Any, dtype: Any) -> Tensor:
    """Numbers that options or sizes decide as a tensor, which nobody may change: it is copied to each device once."""
    array = np.asarray(numbers, name_of(dtype))
    if array.size > _KEPT or not paddle.in_dynamic_mode():
        return from_host(array, dtype)
    return _constant(array.tobytes(), array.shape, array.dtype.name, paddle.get_device())


@lru_cache(maxsize=256)
def _constant(numbers: bytes, shape: tuple[int, ...], dtype: str, device: str) -> Tensor:
    return from_host(np.frombuffer(numbers, dtype).reshape(shape), dtype)


def from_host(numbers: Any, dtype: Any) -> Tensor:
    """Numbers of this call as a tensor; `paddle.to_tensor` would keep some hundred bytes of each call for ever.

    `paddle.assign` makes a list of an array, and Paddle 2.6 makes float32 of float64.
    """
    array = np.asarray(numbers, name_of(dtype))
    return paddle.to_tensor(array) if array.size > 1000 or array.dtype == np.float64 else paddle.assign(array)


def gathered(x: Tensor, places: Tensor, axis: int = 0) -> Tensor:
    """`paddle.gather`, of any type: no Paddle has it for float16 on a CPU, and 2.6 neither for bool nor for int16."""
    wide = {"float16": "float32", "bool": "uint8", "int8": "int32", "int16": "int32"}.get(name_of(x.dtype))
    if wide is None:
        return paddle.gather(x, places, axis=axis)
    return paddle.gather(x.astype(wide), places, axis=axis).astype(x.dtype)


def differs(x: Tensor, number: float) -> Tensor:
    """Where x is not a number; Paddle's `!=` would write the number once for each element."""
    return x != paddle.full([], number, x.dtype)


def between(x: Tensor, low: float, high: float) -> Tensor:
    """Where x is in [low, high]."""
    return paddle.logical_and(x >= paddle.full([], low, x.dtype), x <= paddle.full([], high, x.dtype))


def taken(x: Tensor, index: Tensor) -> Tensor:
    """The entries over axis 1 at indices `[N, 1, *S]`; Paddle would copy all of x to broadcast it to its own shape."""
    return paddle.take_along_axis(x, index, axis=1, broadcast=not paddle.in_dynamic_mode())


def put(x: Tensor, index: Tensor, value: Tensor, how: str) -> None:
    """Change the entries over axis 1 at indices `[N, 1, *S]` in place: 'add' something, or 'mul'tiply by it.

    On a GPU Paddle fills two tables of x's size to assign something, and none to add or to multiply.
    """
    x.put_along_axis_(index, value, axis=1, reduce=how)


def spatial_sum(x: Tensor) -> Tensor:
    """Sum over the spatial axes, `[N, C, *S]` -> `[N, C]`.

    One axis at a time: Paddle's float32 sum over several axes at once loses 2e-5 on 512x512, this 1e-6. A long one,
    or a single one, whose length a static graph may leave open, in float64: a million pixels lose 1e-3.
    """
    single = x.ndim == 3
    for _axis in range(x.ndim - 2):
        wide = x.dtype == paddle.float32 and (single or x.shape[-1] > _LONG)
        x = x.sum(axis=-1, dtype="float64").astype("float32") if wide else x.sum(axis=-1)
    return x


def grand_total(x: Tensor) -> Tensor:
    """Sum of all elements, 0-D."""
    return spatial_sum(x).sum()


def safe_divide(a: Tensor, b: Tensor) -> Tensor:
    """`a / b` for b >= 0, and 0 where b is 0 (only where a is 0 too)."""
    zero = b <= 0  # Paddle's == is true of numbers that differ by little: by 1e-15 on a CPU in 3.3.1
    return paddle.where(zero, paddle.zeros_like(a), a / paddle.where(zero, paddle.ones_like(b), b))


def smooth_divide(a: Tensor, b: Tensor, smooth: float) -> Tensor:
    """`a / (b + smooth)` for b >= 0, and 0 where that is 0 / 0."""
    return ratio(a, b + smooth, smooth)


def ratio(a: Tensor, b: Tensor, smooth: float) -> Tensor:
    """`a / b` for b >= smooth, and 0 where that is 0 / 0."""
    return safe_divide(a, b) if smooth < SMALLEST else a / b


def magnitude(x: Tensor) -> Tensor:
    """|x| with the slope of its sign, of infinite numbers too: `abs` divides them by themselves."""
    return x * paddle.sign(x).detach()


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
        return F.relu(x) + paddle.log1p(paddle.exp(-x.abs()))

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (x,) = ctx.saved_tensor()
        return upstream * (sigmoids(x)[0] if paddle.is_grad_enabled() else F.sigmoid(x))


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x), whose slope keeps its digits near 0 and near 1."""
    return _Sigmoid.apply(x) if paddle.in_dynamic_mode() else sigmoids(x)[0]


class _Sigmoid(Differentiable):
    """Keeps x alone, and has a second derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return F.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (x,) = ctx.saved_tensor()
        small, large = sigmoids(x) if paddle.is_grad_enabled() else (F.sigmoid(x), F.sigmoid(-x))
        return upstream * small * large


def sigmoids(x: Tensor) -> tuple[Tensor, Tensor]:
    """The sigmoids of x and of -x, with slopes that keep their digits near 0 and near 1.

    Paddle's own slope is s (1 - s), which is 0 where s rounds to 1.
    """
    negative = x < 0
    small = F.sigmoid(paddle.where(negative, x, -x))
    large = 1 - small
    return paddle.where(negative, small, large), paddle.where(negative, large, small)


def is_largest(z: Tensor) -> Tensor:
    """Where the largest number over axis 1 is, the first of equal ones."""
    with paddle.no_grad():
        top = z.argmax(axis=1, keepdim=True)
    return top == paddle.arange(z.shape[1], dtype=top.dtype).reshape([1, -1] + [1] * (z.ndim - 2))


def shape_of(x: Tensor) -> Any:
    """The shape, which is a tensor where a static graph leaves sizes open."""
    return paddle.shape(x) if -1 in x.shape else x.shape


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
    """Log cosh x, accurate near 0, where the usual x + softplus(-2x) - log 2 cancels, and finite beyond cosh x."""
    size = x.abs()
    near = paddle.log1p(2 * paddle.sinh(size.clip(max=1.0) / 2) ** 2)
    return paddle.where(size < 1, near, size + paddle.log1p(paddle.exp(-2 * size)) - math.log(2.0))


LOG_COSH_1 = math.log(math.cosh(1.0))
