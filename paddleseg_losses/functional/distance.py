"""Exact Euclidean distance maps of masks. They carry no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

Tensor = Any

FAR = 1e30  # squared distance of "no pixel found"
BLOCK = 1 << 25  # elements of the largest table that the device path builds at once


def boundary_distance(mask: Tensor, spacing: Sequence[float] | None = None, dtype: Any = "float32") -> Tensor:
    """Unsigned distance of every pixel to the other side of its mask's boundary; 0 if a mask is empty or full.

    Args:
        mask: bool `[N, C, *S]`.
        spacing: size of a pixel along each spatial axis; 1 if None.
        dtype: of the map.

    Returns:
        `[N, C, *S]` in the unit of the spacing: inside, the distance to the nearest pixel outside; outside,
        the distance to the nearest pixel inside.
    """
    with paddle.no_grad():
        steps = [1.0] * (mask.ndim - 2) if spacing is None else [float(s) for s in spacing]
        if paddle.in_dynamic_mode() and mask.place.is_cpu_place():
            return paddle.to_tensor(_on_host(mask.numpy(), steps), dtype=dtype)
        return _on_device(mask, steps, dtype)


def distance_to(mask: Tensor, spacing: Sequence[float] | None = None, dtype: Any = "float32") -> Tensor:
    """Distance of every pixel to the nearest pixel of its mask; 0 if a mask is empty."""
    with paddle.no_grad():
        outside = boundary_distance(mask, spacing, dtype)
        return paddle.where(mask, paddle.zeros_like(outside), outside)


def boundary_closeness(
    regions: Tensor, normalize: bool, spacing: Sequence[float] | None = None, dtype: Any = "float32"
) -> Tensor:
    """Depth in each region turned round, largest on its rim and 0 at its deepest pixel; 0 outside the region.

    Args:
        regions: bool `[N, C, *S]`.
        normalize: whether the rim is 1 (a region without depth is all rim), else distances are kept.
        spacing: size of a pixel along each spatial axis; 1 if None.
        dtype: of the map.
    """
    with paddle.no_grad():
        depth = boundary_distance(regions, spacing, dtype)
        axes = list(range(2, regions.ndim))
        deepest = paddle.where(regions, depth, paddle.zeros_like(depth)).max(axis=axes, keepdim=True)
        closeness = deepest - depth
        if normalize:
            rim = paddle.where(regions, depth, paddle.full_like(depth, FAR)).min(axis=axes, keepdim=True)
            flat = deepest - rim <= 1e-6 * deepest  # square roots of equal numbers may differ in their last bit
            scaled = closeness / paddle.where(flat, paddle.ones_like(rim), deepest - rim)
            closeness = paddle.where(flat, paddle.ones_like(scaled), scaled)
        inside = paddle.logical_and(regions, deepest > 0)  # a region that fills the image has no boundary
        return paddle.where(inside, closeness, paddle.zeros_like(closeness))


def _on_host(masks: Any, spacing: list[float]) -> Any:
    from scipy.ndimage import distance_transform_edt  # imported here: the package itself stays light

    out = np.zeros(masks.shape)
    for index in np.ndindex(masks.shape[:2]):
        mask = masks[index]
        if mask.any() and not mask.all():  # scipy's transform of a mask without a zero is meaningless
            inside = distance_transform_edt(mask, sampling=spacing)
            out[index] = np.where(mask, inside, distance_transform_edt(~mask, sampling=spacing))
    return out


def _on_device(mask: Tensor, spacing: list[float], dtype: Any) -> Tensor:
    """The same with Paddle's operators, without a copy to the host."""
    inside = squared_distance(mask, spacing, dtype)
    outside = squared_distance(paddle.logical_not(mask), spacing, dtype)
    squared = paddle.where(mask, inside, outside)
    return paddle.where(squared < FAR / 2, squared, paddle.zeros_like(squared)).sqrt()


def squared_distance(mask: Tensor, spacing: Sequence[float], dtype: Any) -> Tensor:
    """Squared distance to the nearest False, separably: along each axis the minimum of f(j) + (s (i - j))^2."""
    squared = mask.astype(dtype) * FAR
    for axis, step in enumerate(spacing, start=2):
        squared = squared.moveaxis(axis, -1)
        shape, length = squared.shape, squared.shape[-1]
        place = paddle.arange(length, dtype=dtype) * step
        parabola = (place.unsqueeze(1) - place) ** 2
        lines = squared.reshape([-1, 1, length])
        rows = max(1, BLOCK // (length * length))
        if lines.shape[0] > rows:
            parts = [(lines[i : i + rows] + parabola).min(axis=-1) for i in range(0, lines.shape[0], rows)]
            lines = paddle.concat(parts)
        else:
            lines = (lines + parabola).min(axis=-1)
        squared = lines.reshape(shape).moveaxis(-1, axis)
    return squared
