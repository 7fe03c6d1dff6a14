"""What losses know of neighbouring pixels: shifts, means over windows, rims and contours of masks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import paddle
import paddle.nn.functional as F

from ..kernels import applies
from ..kernels import skeleton as skeleton_kernel
from .numeric import safe_divide

Tensor = Any


def shifted(x: Tensor, axis: int, step: int, fill: float | None) -> Tensor:
    """`x[i + step]` along an axis; beyond the image `fill`, or the last pixel again if None. `step` is 1 or -1."""
    size = x.shape[axis]
    edge = x.slice([axis], [size - 1] if step > 0 else [0], [size] if step > 0 else [1])
    if fill is not None:
        edge = paddle.full_like(edge, fill)
    if size == 1:
        return edge
    inner = x.slice([axis], [1] if step > 0 else [0], [size] if step > 0 else [size - 1])
    return paddle.concat([inner, edge] if step > 0 else [edge, inner], axis=axis)


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


def rim(mask: Tensor, beyond: float) -> Tensor:
    """Pixels of a 0/1 mask with a direct neighbour outside it; `beyond` the image lies 0 or 1."""
    inside = mask
    for axis in range(2, mask.ndim):
        for step in (1, -1):
            inside = paddle.minimum(inside, shifted(mask, axis, step, beyond))
    return mask - inside


def window_mean(x: Tensor, kernel: Sequence[float]) -> Tensor:
    """Sum over a separable window, the same 1-D kernel along every axis; outside the image is 0."""
    half = len(kernel) // 2
    for axis in range(2, x.ndim):
        total = x * kernel[half]
        before = after = x
        for distance in range(1, half + 1):
            before, after = shifted(before, axis, -1, 0.0), shifted(after, axis, 1, 0.0)
            total = total + before * kernel[half - distance] + after * kernel[half + distance]
        x = total
    return x


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
    if axes == 0:
        return 1
    reach = math.isqrt(int(square))
    return sum(ball_size(square - step**2, axes - 1) for step in range(-reach, reach + 1))


def _ball(radius: float, sizes: Sequence[int], dtype: Any) -> Tensor:
    """1 within the radius of the origin, on a periodic grid; it may not hold the whole ball of a small image."""
    squared = paddle.zeros([1] * len(sizes), dtype)
    for axis, size in enumerate(sizes):
        place = paddle.arange(size, dtype=dtype)
        place = paddle.minimum(place, size - place) ** 2
        squared = squared + place.reshape([-1 if k == axis else 1 for k in range(len(sizes))])
    return (squared <= radius**2).astype(dtype)


def soft_skeleton(x: Tensor, iterations: int) -> Tensor:
    """What soft opening removes, gathered over successive soft erosions (Shit et al.)."""
    if applies(x):
        return skeleton_kernel.soft_skeleton(x, iterations)
    skeleton = paddle.zeros_like(x)
    for _ in range(iterations + 1):
        eroded = _erode(x)
        ridge = F.relu(x - _dilate(eroded))
        skeleton = skeleton + F.relu(ridge - skeleton * ridge)
        x = eroded
    return skeleton


def _erode(x: Tensor) -> Tensor:
    """Minimum over the cross; positions outside the image are neutral."""
    lowest = x
    for axis in range(2, x.ndim):
        for step in (1, -1):
            lowest = paddle.minimum(lowest, shifted(x, axis, step, None))
    return lowest


def _dilate(x: Tensor) -> Tensor:
    """Maximum over the full 3-window; positions outside the image are neutral."""
    for axis in range(2, x.ndim):
        x = paddle.maximum(paddle.maximum(x, shifted(x, axis, 1, None)), shifted(x, axis, -1, None))
    return x
