"""Precision and recall of soft boundaries (Bokhovkin & Burnaev 2019)."""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F

from .. import numeric
from ..inputs import Inputs
from .map_sums import map_kernel, picked
from .region import harmonic_error

Tensor = Any


def boundary_f1_errors(inputs: Inputs, channels: list[int], width: int, reach: int, smooth: float) -> Tensor:
    """1 - 2 precision recall / (precision + recall) of the boundaries, `[N, K]`.

    Args:
        inputs: clean tensors; pixels that do not count are outside every region.
        channels: those that count.
        width: side of the square or cube in which a boundary has a pixel that is outside.
        reach: side of that in which it is found.
        smooth: added to numerators and denominators.
    """
    kernel = map_kernel("boundary_f1_errors", inputs)
    if kernel is not None:
        return picked(kernel(inputs.scored_by_folded_prob, min(channels), width // 2, reach // 2, smooth), channels)
    mask, g = picked(inputs.mask, channels), picked(inputs.target, channels)
    p, q = (picked(x, channels) for x in (inputs.prob, inputs.one_minus_prob))
    truth, truth_missed = _boundary(g, 1 - g, width, reach)
    guess, guess_missed = _boundary(p * mask, paddle.where(mask > 0, q, paddle.ones_like(q)), width, reach)
    false_alarms = _share(guess, truth_missed, smooth)
    misses = _share(truth, guess_missed, smooth)
    return harmonic_error(false_alarms, misses)  # 1 - F, 0 for a perfect prediction


def _share(boundary: Tensor, missed: Tensor, smooth: float) -> Tensor:
    """The part of a boundary that the other one misses."""
    return numeric.smooth_divide(numeric.spatial_sum(boundary * missed), numeric.spatial_sum(boundary), smooth)


def _boundary(p: Tensor, q: Tensor, width: int, reach: int) -> tuple[Tensor, Tensor]:
    """How much every pixel is boundary, p - min p over its window, and 1 - the most that its wider one has of it.

    q is 1 - p, the one with digits where p is nearly 1.
    """
    lowest = -_largest(-p, width)
    boundary = paddle.where(p > 0.5, _largest(q, width) - q, p - lowest)
    return boundary, -_largest(-(q + lowest), reach)


def _largest(x: Tensor, size: int) -> Tensor:
    """Maximum over the square or cube around every pixel; outside the image is neutral."""
    axes = x.ndim - 2
    pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
    for axis in range(axes):
        sizes = [size if each == axis else 1 for each in range(axes)]
        x = pool(x, sizes, stride=1, padding=[each // 2 for each in sizes])
    return x
