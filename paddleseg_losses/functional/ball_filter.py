"""Errors far from a boundary, by means over balls (Karimi & Salcudean 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from ..errors import InputError
from ..i18n import _
from ..inputs import Inputs
from .map_sums import composed_sums, map_kernel

Tensor = Any


LARGEST = (64, 64, 48)  # radius in pixels, on 1, 2 and 3 axes, beyond which Fourier transforms are as fast as kernels


def ball_filter_sums(inputs: Inputs, skip: int, radii: Sequence[float], weights: Sequence[float]) -> Tensor:
    """The sums of `ball_filter_errors` over the pixels of each cell from channel `skip` on, `[N, C - skip]`."""
    kernel = map_kernel("ball_filter_sums", inputs)
    if kernel is not None and max(radii) <= LARGEST[inputs.axes - 1]:
        return kernel(inputs.scored_by_signed_prob, skip, radii, weights)[:, skip:]
    return composed_sums(
        inputs,
        skip,
        lambda g, excess: ball_filter_errors(g + excess, g, excess**2, radii, weights),
        reaches_others=True,
    )


def ball_filter_errors(p: Tensor, g: Tensor, error: Tensor, radii: Sequence[float], weights: Sequence[float]) -> Tensor:
    """Squared errors, weighted by the balls of several radii that fit between them and either boundary."""
    total = paddle.zeros_like(p)
    for weight, truth, guess in zip(weights, ball_means(g, radii), ball_means(p, radii)):
        outside = F.relu(0.5 - truth) * p + F.relu(0.5 - guess) * g
        inside = F.relu(truth - 0.5) * g + F.relu(guess - 0.5) * p
        total = total + weight * error * (outside + inside)
    return total


def ball_means(x: Tensor, radii: Sequence[float]) -> list[Tensor]:
    """Means over the balls of several radii around every pixel; outside the image is 0.

    By Fourier transforms: one of the image, and one back for each radius, however large.
    """
    space = [int(size) for size in x.shape[2:]]
    if -1 in space:
        raise InputError(
            _("Balls of pixels in images of shape {shape}, where -1 is not known.", shape=space),
            _("known sizes: the filters are transformed together with the image"),
            _("give the sizes in InputSpec, or use to_static without full_graph=True"),
        )
    axes = list(range(2, x.ndim))
    # Zeros between the image and its periodic copies: no two pixels are further apart than size - 1.
    sizes = [size + min(int(max(radii)), size - 1) for size in space]
    spectrum, squared = paddle.fft.rfftn(x, s=sizes, axes=axes), _squared_distances(sizes, x.dtype)
    means = []
    for radius in radii:
        ball = (squared <= min(radius, 1e20) ** 2).astype(x.dtype)  # not the whole of it, where an image is small
        filter_ = paddle.fft.rfftn(ball / ball_size(min(radius, 1e20) ** 2, len(sizes)), axes=list(range(len(sizes))))
        mean = paddle.fft.irfftn(spectrum * filter_, s=sizes, axes=axes)
        means.append(mean.slice(axes, [0] * len(axes), space))
    return means


@lru_cache(maxsize=4096)
def ball_size(square: float, axes: int) -> float:
    """Number of pixels within the square of a radius; the volume of balls so large that nobody sees a difference."""
    if axes == 1:
        return _line(square)
    if square > (1e12, 1e7)[axes - 2]:
        return math.pi * square if axes == 2 else 4 / 3 * math.pi * square**1.5
    if axes == 2:
        return _disc(square)
    return _disc(square) + 2 * sum(_disc(square - step**2) for step in range(1, math.isqrt(int(square)) + 1))


def _line(square: float) -> float:
    return 2.0 * math.isqrt(int(square)) + 1


def _disc(square: float) -> float:
    steps = np.arange(1, math.isqrt(int(square)) + 1, dtype="float64")
    return _line(square) + 2 * float((2 * np.floor(np.sqrt(np.floor(square - steps**2))) + 1).sum())


def _squared_distances(sizes: Sequence[int], dtype: Any) -> Tensor:
    """From the origin, on a periodic grid."""
    squared = paddle.zeros([1] * len(sizes), dtype)
    for axis, size in enumerate(sizes):
        place = paddle.arange(size, dtype=dtype)
        place = paddle.minimum(place, size - place) ** 2
        squared = squared + place.reshape([-1 if k == axis else 1 for k in range(len(sizes))])
    return squared
