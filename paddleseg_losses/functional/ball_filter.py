"""Errors far from a boundary, by balls (Karimi & Salcudean 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import paddle
import paddle.nn.functional as F

from ..kernels import ball_filter as kernel

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def far_errors(p: Tensor, g: Tensor, radii: Sequence[float], prices: Sequence[float]) -> Tensor:
    """Squared errors, priced by the balls of several radii that fit between them and either boundary."""
    error, total = (p - g) ** 2, paddle.zeros_like(p)
    for price, truth, guess in zip(prices, ball_means(g, radii), ball_means(p, radii)):
        outside = F.relu(0.5 - truth) * p + F.relu(0.5 - guess) * g
        inside = F.relu(truth - 0.5) * g + F.relu(guess - 0.5) * p
        total = total + price * error * (outside + inside)
    return total


def ball_sums(inputs: Inputs, skip: int, radii: Sequence[float], prices: Sequence[float]) -> Tensor | None:
    """The sums of `far_errors` over the pixels of each cell from channel `skip` on, by the kernel.

    None where a ball crosses so many lines that Fourier transforms are faster.
    """
    if max(radii) > kernel.LARGEST[inputs.source.logits.ndim - 3]:
        return None
    return kernel.ball_sums(*inputs.problem(inputs.prob), skip, radii, prices)[:, skip:]


def ball_means(x: Tensor, radii: Sequence[float]) -> list[Tensor]:
    """Means over the balls of several radii around every pixel; outside the image is 0.

    By Fourier transforms: one of the image, and one back for each radius, however large.
    """
    space = [int(size) for size in x.shape[2:]]
    axes = list(range(2, x.ndim))
    # Zeros between the image and its periodic copies: no two pixels are further apart than size - 1.
    sizes = [size + min(int(max(radii)), size - 1) for size in space]
    spectrum = paddle.fft.rfftn(x, s=sizes, axes=axes)
    means = []
    for radius in radii:
        ball = _ball(radius, sizes, x.dtype)
        kernel = paddle.fft.rfftn(ball / ball_size(radius**2, len(sizes)), axes=list(range(len(sizes))))
        mean = paddle.fft.irfftn(spectrum * kernel, s=sizes, axes=axes)
        means.append(mean.slice(axes, [0] * len(axes), space))
    return means


@lru_cache(maxsize=4096)
def ball_size(square: float, axes: int) -> int:
    """Number of pixels within the square of a radius."""
    reach = math.isqrt(int(square))
    if axes == 1:
        return 2 * reach + 1
    return sum(ball_size(square - step**2, axes - 1) for step in range(-reach, reach + 1))


def _ball(radius: float, sizes: Sequence[int], dtype: Any) -> Tensor:
    """1 within the radius of the origin, on a periodic grid; it may not hold the whole ball of a small image."""
    squared = paddle.zeros([1] * len(sizes), dtype)
    for axis, size in enumerate(sizes):
        place = paddle.arange(size, dtype=dtype)
        place = paddle.minimum(place, size - place) ** 2
        squared = squared + place.reshape([-1 if k == axis else 1 for k in range(len(sizes))])
    return (squared <= radius**2).astype(dtype)
