"""Structural similarity of prediction and truth in Gaussian windows (Wang et al.), as an error: 1 minus it.

All follows from d = p - g, which keeps its digits where the prediction is right: the variance of d is what the
variances of p and g lack to twice their covariance, and its mean the difference of their means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import paddle

from .. import numeric
from ..errors import InputError
from ..i18n import _
from ..inputs import Inputs
from ..kernels import find
from .convolution import along, windowed
from .map_sums import picked

Tensor = Any

SMALL = 1e-4  # a constant beside which the rounding of variances, differences of numbers near 1, counts in float32


class Window(NamedTuple):
    """The window along an axis, and the constants that steady the two quotients."""

    weights: Sequence[float]
    c1: float
    c2: float


class Maps(NamedTuple):
    """One scale: all are 0 where nothing counts."""

    excess: Tensor  # p - g, [N, K, *S]
    target: Tensor
    mask: Tensor  # [N, K or 1, *S]


def ssim_errors(inputs: Inputs, channels: list[int], window: Window) -> Tensor:
    """1 - the mean similarity over the valid pixels of each sample and channel, `[N, K]`."""
    made = _by_kernel(inputs, channels, window, None)
    return _errors(whole_maps(inputs, channels), window, whole=True).astype(inputs.dtype) if made is None else made


def ms_ssim_errors(inputs: Inputs, channels: list[int], window: Window, weights: Sequence[float]) -> Tensor:
    """1 - the product over the scales of (mean similarity of contrast and structure)^weight, `[N, K]`.

    The last scale has the whole similarity. A mean below 0 makes the error 1.
    """
    made = _by_kernel(inputs, channels, window, weights)
    if made is not None:
        return made
    maps, total = whole_maps(inputs, channels), paddle.zeros([], "float64")
    for scale, weight in enumerate(weights):
        last = scale == len(weights) - 1
        lost = _one_minus_power(_errors(maps, window, whole=last), weight)
        total = total + lost * (1 - total)
        maps = maps if last else _halved(maps)
    return total.astype(inputs.dtype)


def _by_kernel(inputs: Inputs, channels: list[int], window: Window, weights: Sequence[float] | None) -> Tensor | None:
    kernel = find("similarity_errors", inputs.of_probabilities)
    if kernel is not None:
        return picked(kernel(inputs.scored_by_signed_prob, min(channels), window, weights), channels)
    kernel = find("soft_similarity_errors", inputs.of_probabilities)
    return None if kernel is None else kernel(whole_maps(inputs, channels), window, weights)


def scales(space: Sequence[int], window_size: int, most: int) -> int:
    """Number of scales on which every side is as long as the window: at least 1."""
    if -1 in space:
        raise InputError(
            _("Scales of images of shape {shape}, where -1 is not known.", shape=list(space)),
            _("known sizes: they decide how often an image can be halved"),
            _("give the sizes in InputSpec, or use to_static without full_graph=True"),
        )
    sides = [-(-min(space) >> scale) for scale in range(most)]
    return max(1, sum(side >= window_size for side in sides))


def whole_maps(inputs: Inputs, channels: list[int]) -> Maps:
    """Those of some channels, at full size."""
    return Maps(*(picked(x, channels) for x in (inputs.masked_excess, inputs.target, inputs.mask)))


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    """Means over the valid pixels; 0 where there is none."""
    total = numeric.spatial_sum(x * mask)
    return numeric.safe_divide(total, numeric.spatial_sum(mask).expand_as(total))


class _Moments(NamedTuple):
    """Over the valid pixels in the window of each pixel."""

    truth: Tensor  # mean of g
    gap: Tensor  # mean of d
    gap_variance: Tensor
    both: Tensor  # variance of p + variance of g


def _moments(maps: Maps, weights: Sequence[float]) -> _Moments:
    size = windowed(maps.mask, weights).clip(min=1.0)  # less only around pixels that do not count

    def mean(x: Tensor) -> Tensor:
        return windowed(x, weights) / size

    d, g = maps.excess, (maps.target - 0.5) * maps.mask  # around 0 the variance keeps more digits
    truth, gap = mean(g), mean(d)
    gap_variance = mean(d * d) - gap * gap
    both = 2 * (mean(g * g) - truth * truth + mean(g * d) - truth * gap) + gap_variance
    return _Moments(truth + 0.5, gap, gap_variance.clip(min=0.0), both.clip(min=0.0))


def _errors(maps: Maps, window: Window, whole: bool) -> Tensor:
    """Means over the valid pixels of the error of the structure, or of the whole similarity, in float64.

    A small power of what is nearly nothing is steep: 1 minus an error has to keep its digits.
    """
    if window.c2 < SMALL:
        maps = Maps(*(x.astype("float64") for x in maps))
    dtype = maps.excess.dtype
    moments = _moments(maps, window.weights)
    c1, c2 = (paddle.full([], c, dtype) for c in (window.c1, window.c2))  # Paddle 2.6 adds numbers in float32
    structure = moments.gap_variance / (moments.both + c2)
    if not whole:
        return _mean(structure, maps.mask).astype("float64")
    guess = moments.truth + moments.gap
    light = moments.gap**2 / (guess**2 + moments.truth**2 + c1)
    return _mean(light + structure - light * structure, maps.mask).astype("float64")


def _one_minus_power(error: Tensor, exponent: float) -> Tensor:
    """1 - (1 - error)^exponent, with a bounded slope where the error is nearly 1, and 1 beyond."""
    rest = 1 - error
    tiny = rest <= numeric.EPSILON
    curve = -paddle.expm1(exponent * paddle.log1p(-paddle.where(tiny, paddle.zeros_like(error), error)))
    return paddle.where(tiny, 1 - numeric.power(rest.clip(min=0.0), exponent), curve)


def _halved(maps: Maps) -> Maps:
    """Every second pixel, the mean of what is valid around it: of pairs where a side is even, else of 1/4, 1/2, 1/4."""
    size = _half(maps.mask)
    valid = size > 0
    divisor = paddle.where(valid, size, paddle.ones_like(size))
    return Maps(_half(maps.excess) / divisor, _half(maps.target) / divisor, valid.astype(size.dtype))


def _half(x: Tensor) -> Tensor:
    for axis in range(2, x.ndim):
        odd = x.shape[axis] % 2
        x = along(x, axis, (0.25, 0.5, 0.25) if odd else (0.5, 0.5), padding=odd, stride=2)
    return x
