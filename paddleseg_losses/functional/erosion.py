"""Errors that survive erosions (Karimi & Salcudean 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from ..differentiable import recomputed
from ..inputs import Inputs
from ..numeric import constant, safe_divide, shape_of
from .convolution import convolved
from .map_sums import composed_sums, map_kernel

Tensor = Any


def erosion_sums(inputs: Inputs, skip: int, weights: Sequence[float]) -> Tensor:
    """The sums of `erosion_errors` over the pixels of each cell from channel `skip` on, `[N, C - skip]`."""
    kernel = map_kernel("erosion_sums", inputs)
    if kernel is not None:
        return kernel(inputs.scored_by_signed_prob, skip, weights)[:, skip:]
    return composed_sums(inputs, skip, lambda g, excess: erosion_errors(excess**2, weights), reaches_others=True)


def erosion_errors(error: Tensor, weights: Sequence[float]) -> Tensor:
    """The sum over k = 1 ... K of weight_k E_k, E_k what is left of the squared error after k erosions."""
    eroded = partial(_eroded, _cross(error.ndim - 2, error.dtype))
    total = error * 0  # a NaN stays one
    for weight in weights:
        error = recomputed(eroded, error)
        total = total + error * weight
    return total


def _eroded(window: Tensor, error: Tensor) -> Tensor:
    return minmax_normalize(F.relu(convolved(error, window, padding=1) - 0.5))


def _cross(axes: int, dtype: Any) -> Tensor:
    """The window of a pixel and its 2, 4 or 6 direct neighbours."""
    squares = ((np.indices([3] * axes) - 1) ** 2).sum(axis=0)
    return constant((squares <= 1)[None, None] / (2 * axes + 1), dtype)


def minmax_normalize(x: Tensor) -> Tensor:
    """Each map `[*S]` scaled linearly to [0, 1]; a constant map becomes 0."""
    flat = x.flatten(2)
    ends = (flat.argmin(axis=-1, keepdim=True), flat.argmax(axis=-1, keepdim=True))
    # Picked by index: the gradient of Paddle's own min and max takes many times longer on a CPU.
    low, high = (paddle.take_along_axis(flat, end, axis=-1) for end in ends)
    return safe_divide(flat - low, (high - low).expand_as(flat)).reshape(shape_of(x))
