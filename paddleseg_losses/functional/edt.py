"""Exact Euclidean distance maps of masks. They carry no gradient."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import paddle

from ..kernels import edt as native
from ..kernels import library, on_card, on_cpu
from ..kernels.cuda.edt import distance_map as map_on_card
from ..kernels.edt import distance_map
from ..known_spacing import Spacing, varies
from ..numeric import from_host, name_of
from ..precomputed_maps import find
from .shift import END

Tensor = Any

FAR = 1e30  # squared distance of "no pixel found"
NOWHERE = 1e9  # more pixels than a line has
FEW = 1 << 15  # elements below which threads cost more than they save
BLOCK = 1 << 25  # elements of the largest table that the device path builds at once


def boundary_distance(mask: Tensor, spacing: Spacing | None = None, dtype: Any = "float32") -> Tensor:
    """Unsigned distance of every pixel to the other side of its mask's boundary; 0 if a mask is empty or full.

    Args:
        mask: bool `[N, C, *S]`.
        spacing: size of a pixel along each spatial axis, 1 if None; or a row of them for each sample.
        dtype: of the map.

    Returns:
        `[N, C, *S]` in the unit of the spacing: inside, the distance to the nearest pixel outside; outside,
        the distance to the nearest pixel inside.
    """
    with paddle.no_grad():
        known = find(mask, spacing, dtype)
    return computed_distance(mask, spacing, dtype) if known is None else known


def computed_distance(mask: Tensor, spacing: Spacing | None = None, dtype: Any = "float32") -> Tensor:
    """The same where no map is known."""
    with paddle.no_grad():
        if spacing is not None and varies(spacing):
            return paddle.concat([computed_distance(mask[i : i + 1], row, dtype) for i, row in enumerate(spacing)])
        steps = [1.0] * (mask.ndim - 2) if spacing is None else [float(s) for s in spacing]
        if on_cpu(mask):
            return distance_map(mask, spacing, dtype)
        if on_card(mask) and name_of(dtype) == "float32":
            return map_on_card(mask, spacing)
        if paddle.in_dynamic_mode() and mask.place.is_cpu_place():
            return from_host(host_distance(mask.numpy(), steps), dtype)
        return _on_device(mask, steps, dtype)


def distance_to(mask: Tensor, spacing: Spacing | None = None, dtype: Any = "float32") -> Tensor:
    """Distance of every pixel to the nearest pixel of its mask; 0 if a mask is empty."""
    with paddle.no_grad():
        outside = boundary_distance(mask, spacing, dtype)
        return paddle.where(mask, paddle.zeros_like(outside), outside)


def squared_distance_to(mask: Tensor) -> Tensor:
    """Squared distance in pixels, a whole number, of every pixel to the nearest pixel of its mask; 0 if that is empty.

    float64 on a CPU, else float32, which holds every whole number up to 4096 pixels squared.
    """
    with paddle.no_grad():
        if on_card(mask):
            squared = map_on_card(mask, squared=True)
            return paddle.where(mask, paddle.zeros_like(squared), squared)
        if paddle.in_dynamic_mode() and mask.place.is_cpu_place():
            return distance_to(mask, dtype="float64").square().round()
        squared = squared_boundary_distance(mask, [1.0] * (mask.ndim - 2), "float32")
        return paddle.where(paddle.logical_or(mask, squared > FAR / 2), paddle.zeros_like(squared), squared)


def host_distance(masks: Any, spacing: Sequence[float]) -> Any:
    """`boundary_distance` on arrays: bool `[N, C, *S]` to float64."""
    return _by_scipy(masks.reshape(-1, *masks.shape[2:]), spacing).reshape(masks.shape)


def host_map(masks: Any, spacing: Sequence[float] | None = None) -> Any:
    """`boundary_distance` of bool masks `[M, *S]` on arrays, as float32: by native code where it is, without Paddle."""
    if library() is not None:
        return native.host_map(masks, spacing)
    return _by_scipy(masks, [1.0] * (masks.ndim - 1) if spacing is None else spacing).astype("float32")


def _by_scipy(masks: Any, spacing: Sequence[float]) -> Any:
    """Of masks `[M, *S]`.

    scipy leaves the interpreter while it works, so all maps are computed at once, on as many threads as there are
    processors. One call for all of them, with the batch as one more axis, is as exact but 2.5 times slower than a loop.
    """
    one = partial(_distance_of_one, spacing=spacing)
    if masks.size < FEW:
        return np.stack([one(mask) for mask in masks])
    with ThreadPoolExecutor(min(len(masks), os.cpu_count() or 1)) as pool:
        return np.stack(list(pool.map(one, masks)))


def _distance_of_one(mask: Any, spacing: Sequence[float]) -> Any:
    from scipy.ndimage import distance_transform_edt  # imported here: the package itself stays light

    if mask.all() or not mask.any():  # scipy's transform of a mask without a zero is meaningless
        return np.zeros(mask.shape)
    inside = distance_transform_edt(mask, sampling=spacing)
    return np.where(mask, inside, distance_transform_edt(~mask, sampling=spacing))


def _on_device(mask: Tensor, spacing: list[float], dtype: Any) -> Tensor:
    """The same with Paddle's operators, without a copy to the host."""
    squared = squared_boundary_distance(mask, spacing, dtype)
    return paddle.where(squared < FAR / 2, squared, paddle.zeros_like(squared)).sqrt()


def squared_boundary_distance(mask: Tensor, spacing: Sequence[float], dtype: Any) -> Tensor:
    """The square of `boundary_distance`, `FAR` where there is no other side.

    Separably: with c(j) the squared distance to the other side within the axes before, along the next one the nearest
    of it is at the minimum of c(j) + (s (i - j))^2 over the pixels j of the same side as i, or on the same line. Pixels
    of the other side may take part in the minimum: they are at (s (i - j))^2. So one search serves both sides. The
    longest axis comes first, because it needs none.
    """
    first, *others = sorted(range(2, mask.ndim), key=lambda axis: -mask.shape[axis])
    squared = _along_line(mask, first, spacing[first - 2], dtype)
    for axis in others:
        step = spacing[axis - 2]
        squared = paddle.minimum(_least_sum(squared, axis, step), _along_line(mask, axis, step, dtype))
    return squared


def _along_line(mask: Tensor, axis: int, step: float, dtype: Any) -> Tensor:
    """Squared distance to the nearest pixel of the other side along an axis."""
    distances = []
    for line in (mask, mask.flip(axis)):
        place = _places(line, axis, dtype)
        before = line.slice([axis], [0], [-1])
        changed = paddle.not_equal(line.slice([axis], [1], [END]), before)
        last = paddle.where(changed, place.slice([axis], [0], [-1]), paddle.full([], -NOWHERE, dtype))
        none = paddle.full_like(line.slice([axis], [0], [1]), -NOWHERE, dtype)
        distances.append(place - paddle.cummax(paddle.concat([none, last], axis=axis), axis=axis)[0])
    near = paddle.minimum(distances[0], distances[1].flip(axis))
    return paddle.where(near > NOWHERE / 2, paddle.full([], FAR, dtype), (near * step).square())


def _places(x: Tensor, axis: int, dtype: Any) -> Tensor:
    """0, 1, ... along an axis."""
    length = x.shape[axis] if x.shape[axis] > 0 else paddle.shape(x)[axis]
    return paddle.arange(length, dtype=dtype).reshape([-1 if other == axis else 1 for other in range(x.ndim)])


def _least_sum(squared: Tensor, axis: int, step: float) -> Tensor:
    """The minimum over j of c(j) + (s (i - j))^2 along an axis, by a table of all pairs."""
    squared = squared.moveaxis(axis, -1)
    shape, length = squared.shape, squared.shape[-1]
    place = paddle.arange(length if length > 0 else paddle.shape(squared)[-1], dtype=squared.dtype) * step
    parabola = (place.unsqueeze(1) - place) ** 2
    if -1 in shape:  # in a static graph: nobody knows into how many parts to cut it
        return (squared.unsqueeze(-2) + parabola).amin(axis=-1).moveaxis(-1, axis)
    lines = squared.reshape([-1, 1, length])
    rows = max(1, BLOCK // (length * length))
    parts = [(lines[i : i + rows] + parabola).amin(axis=-1) for i in range(0, lines.shape[0], rows)]
    lines = paddle.concat(parts) if len(parts) > 1 else parts[0]
    return lines.reshape(shape).moveaxis(-1, axis)
