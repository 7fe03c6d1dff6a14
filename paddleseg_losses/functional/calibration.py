"""How far the mean probability of like pixels is from the share of them that is right."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..kernels.calibration import MOST
from ..numeric import safe_divide

Tensor = Any


class Bins(NamedTuple):
    """Where the probability of each pixel falls, `[N, C, pixels]`."""

    lower: Tensor  # number of a bin
    upper_share: Tensor | None  # of the pixel in the next bin; None if each is in one bin alone


def calibration_gaps(inputs: Inputs, count: int, soft: bool, least: float, bins: Callable[[Inputs], Bins]) -> Tensor:
    """The mean over the bins of |mean p - mean g|, `[N, C]`; bins with less than `least` of a pixel are left out.

    `bins` makes what `bins_of` does with the same options.
    """
    kernel = find("calibration_sums", inputs.problem) if count <= MOST else None
    if kernel is not None:
        gap, size = kernel(inputs.problem, count, soft, inputs.pixel_weight).unbind(-1)
    else:
        gap, size = sums_of(inputs, bins(inputs), count)
    filled = paddle.logical_not(paddle.logical_or(size <= 0, size < least))  # a NaN stays
    gaps = paddle.where(filled, safe_divide(gap.abs(), size), paddle.zeros([], size.dtype))
    filled = filled.astype(size.dtype).detach()  # a static graph of Paddle 2.6 would ask for its gradient
    return safe_divide(gaps.sum(axis=-1), filled.sum(axis=-1)).astype(inputs.dtype)


def sums_of(inputs: Inputs, bins: Bins, count: int) -> tuple[Tensor, Tensor]:
    """Sums of u (p - g) and of u in each bin, float64 `[N, C, count]`; u is the share of a pixel in it, weighted."""
    excess = paddle.where(inputs.counted, inputs.excess, paddle.zeros([], inputs.dtype))
    counted = inputs.counted.astype(inputs.dtype).expand_as(excess)
    gap, size = (_histogram(inputs.weighed(x).flatten(2), bins, count) for x in (excess, counted))
    return gap, size


def bins_of(inputs: Inputs, count: int, soft: bool) -> Bins:
    """The bins of all pixels: `count` of equal width, closed on the left.

    If `soft`, a pixel is shared by the two bins whose middles are nearest to its probability, with a gradient.
    """
    place = inputs.prob.flatten(2) * count
    place = (place - 0.5).clip(0, count - 1) if soft else place
    lower = place.detach().astype("int32").clip(0, count - 1)  # NaN is a number of no bin
    return Bins(lower, place - lower.astype(place.dtype) if soft else None)


def _histogram(values: Tensor, bins: Bins, count: int) -> Tensor:
    """Sums of the values in each bin, float64 `[N, C, count]`: in float32 a large image would lose digits."""
    values = values.astype("float64")
    if bins.upper_share is None:
        return _scattered(values, bins.lower, count)
    upper = bins.upper_share.astype("float64")
    rest = _scattered(values * (1 - upper), bins.lower, count)
    above = _scattered(values * upper, bins.lower, count)
    first = paddle.zeros_like(above[:, :, :1])
    return rest + paddle.concat([first, above[:, :, :-1]], axis=-1)


def _scattered(values: Tensor, places: Tensor, count: int) -> Tensor:
    none = paddle.zeros_like(values[:, :, :1]).detach().expand([-1, -1, count])
    return paddle.put_along_axis(none, places, values, axis=-1, reduce="add")
