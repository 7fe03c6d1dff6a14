"""Length of the boundary that a prediction draws, and what it gets wrong inside and outside (Chen et al. 2019)."""

from __future__ import annotations

import math
from typing import Any

import paddle

from .. import numeric
from ..inputs import Inputs
from .convolution import along
from .map_sums import map_kernel, picked
from .similarity import Maps, whole_maps

Tensor = Any


def active_contour_errors(inputs: Inputs, channels: list[int], length: float, region: float, eps: float) -> Tensor:
    """`length` times the length of the boundary, plus `region` times the error of the region, `[N, K]`."""
    kernel = map_kernel("active_contour_errors", inputs)
    if kernel is not None:
        exclusive = inputs.problem.from_logits
        return picked(kernel(inputs.scored_by_folded_prob, min(channels), length, region, eps, exclusive), channels)
    maps = whole_maps(inputs, channels)
    errors = _region_error(maps)
    errors = paddle.full([], region, errors.dtype) * errors  # Paddle 2.6 rounds numbers of Python to float32
    return errors + paddle.full([], length, errors.dtype) * _boundary_length(maps, eps) if length else errors


def _boundary_length(maps: Maps, eps: float) -> Tensor:
    """Mean over the cells of 2^d valid neighbours of sqrt(s + eps) - sqrt(eps), `[N, K]`; 0 where there is none.

    s is the squared slope of p, a mean over the edges of the cell along each axis. Axes of length 1 take no part.
    """
    excess, g, mask = maps
    axes = [axis for axis in range(2, mask.ndim) if mask.shape[axis] != 1]
    if not axes:
        return numeric.spatial_sum(excess * 0)
    square: Any = 0.0
    for axis in axes:
        # Of d = p - g and of g, as differences of numbers near 1 would have no digits.
        edges = (_difference(excess, axis) + _difference(g, axis)) ** 2
        square = square + _over_corners(edges, [other for other in axes if other != axis])
    whole = (_over_corners(mask, axes) == 1).astype(mask.dtype)
    bound, root = (paddle.full([], each, mask.dtype) for each in (eps, math.sqrt(eps)))
    length = square / (paddle.sqrt(square + bound) + root)
    total = numeric.spatial_sum(length * whole)
    return numeric.safe_divide(total, numeric.spatial_sum(whole).expand_as(total))


def _region_error(maps: Maps) -> Tensor:
    """Mean of |p - g| over the valid pixels, `[N, K]`."""
    excess, g, mask = maps
    total = numeric.spatial_sum(excess * (1 - 2 * g))  # `abs` has no slope at p = g
    return numeric.safe_divide(total, numeric.spatial_sum(mask).expand_as(total))


def _difference(x: Tensor, axis: int) -> Tensor:
    return along(x, axis, (-1.0, 1.0))


def _over_corners(x: Tensor, axes: list[int]) -> Tensor:
    """Means of pairs of neighbours along some axes."""
    for axis in axes:
        x = along(x, axis, (0.5, 0.5))
    return x
