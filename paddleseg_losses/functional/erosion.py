"""Errors that survive erosions (Karimi & Salcudean 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import paddle
import paddle.nn.functional as F

from ..kernels import erosion as kernel
from ..numeric import safe_divide

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def eroded_errors(p: Tensor, g: Tensor, prices: Sequence[float]) -> Tensor:
    """The sum over k = 1 ... K of price_k E_k, E_k what is left of the squared error after k erosions."""
    error = (p - g) ** 2
    total = error * 0  # a NaN stays one
    for price in prices:
        error = stretched(F.relu(cross_mean(error) - 0.5))
        total = total + error * price
    return total


def eroded_sums(inputs: Inputs, skip: int, prices: Sequence[float]) -> Tensor:
    """The sums of `eroded_errors` over the pixels of each cell from channel `skip` on, by the kernel."""
    return kernel.eroded_sums(*inputs.problem(inputs.prob), skip, prices)[:, skip:]


def cross_mean(x: Tensor) -> Tensor:
    """Mean of a pixel and its 2, 4 or 6 direct neighbours; outside the image is 0."""
    axes = x.ndim - 2
    squares = sum(
        ((paddle.arange(3) - 1) ** 2).reshape([-1 if k == axis else 1 for k in range(axes)]) for axis in range(axes)
    )
    kernel = (squares <= 1).astype(x.dtype) / (2 * axes + 1)
    convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    channels = x.flatten(0, 1).unsqueeze(1)  # every map on its own
    return convolve(channels, kernel.unsqueeze([0, 1]), padding=1).reshape([-1, *x.shape[1:]])


def stretched(x: Tensor) -> Tensor:
    """Each map `[*S]` scaled linearly to [0, 1]; a constant map becomes 0."""
    flat = x.flatten(2)
    ends = (flat.argmin(axis=-1, keepdim=True), flat.argmax(axis=-1, keepdim=True))
    # Picked by place: the gradient of Paddle's own min and max takes many times longer on a CPU.
    low, high = (paddle.take_along_axis(flat, end, axis=-1) for end in ends)
    return safe_divide(flat - low, (high - low).expand_as(flat)).reshape(x.shape)
