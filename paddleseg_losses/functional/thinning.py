"""Tubes around the skeletons of true regions (Kirchhoff et al. 2024). They carry no gradient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from ..kernels import library
from ..kernels import thinning as native

# Zhang and Suen's rule as scikit-image has it (BSD-3-Clause); it differs from their paper in 25 of 256 neighbourhoods:
# bit i of an index is neighbour i, bit k of an entry says that pass k removes the pixel.
TABLE = np.array(
    list(
        map(
            int,
            "0001001300311013000000002020303300000000300000000000000020003022"
            "0000000000000000000000000000000020000000200020003000000030003020"
            "0031001300000001000000000000000131000000000000002000000000000000"
            "2313001300000001000000000000000023010001000000003301000022002000",
        )
    ),
    np.uint8,
)
AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
FACES = ((0, -1, 0), (0, 1, 0), (0, 0, 1), (0, 0, -1), (1, 0, 0), (-1, 0, 0))


def host_tubes(labels: Any, classes: int, ignore_index: int, radius: int, merge: bool) -> Any:
    """Which pixels lie near the skeleton of their class: uint8 of the labels' shape.

    Args:
        labels: class indices `[M, *S]`, of which 0 is the background.
        classes: number of classes; labels out of range are left out, as those to ignore are.
        ignore_index: label of pixels to leave out.
        radius: steps along the axes that a pixel of the tube may be away from the skeleton.
        merge: whether all classes from 1 on are one region, with one skeleton.
    """
    if library() is not None:
        return native.host_tubes(labels, classes, ignore_index, radius, merge)
    labels = np.where((labels < classes) & (labels != ignore_index), labels, 0)
    tubes = np.zeros(labels.shape, bool)
    for regions in [labels > 0] if merge else [labels == c for c in range(1, classes)]:
        for plane, region in enumerate(regions):
            if region.any():
                tubes[plane] |= region & _widened(skeleton(region), radius)
    return tubes.astype(np.uint8)


def skeleton(region: Any) -> Any:
    """The skeleton of a bool region `[*S]`: by Zhang and Suen's thinning, of volumes by Lee's."""
    inside = np.pad(region, 1) if region.ndim > 1 else np.pad(region[None], 1)
    rule = _thin_volume if region.ndim == 3 else _thin_image
    rule(inside)
    thin = inside[(slice(1, -1),) * inside.ndim]
    return thin if region.ndim > 1 else thin[0]


def _widened(inside: Any, radius: int) -> Any:
    """With the pixels at most so many steps along the axes away."""
    for _step in range(min(radius, sum(inside.shape))):
        wider = inside.copy()
        for axis in range(inside.ndim):
            ahead, behind = (np.moveaxis(x, axis, 0) for x in (wider, inside))
            ahead[1:] |= behind[:-1]
            ahead[:-1] |= behind[1:]
        inside = wider
    return inside


def _thin_image(inside: Any) -> None:
    """Leave the skeleton of a padded image."""
    while True:
        before = inside.sum()
        for bit in (1, 2):
            index = sum(np.roll(inside, (-y, -x), (0, 1)).astype(np.uint8) << i for i, (y, x) in enumerate(AROUND))
            inside &= (TABLE[index] & bit) == 0
        if inside.sum() == before:
            return


def _thin_volume(inside: Any) -> None:
    """Leave the skeleton of a padded volume."""
    thick = [size > 3 for size in inside.shape]
    faces = [face for face in FACES if thick[next(axis for axis in range(3) if face[axis])]]
    while sum(_take_from(inside, face) for face in faces):
        pass


def _take_from(inside: Any, face: tuple[int, ...]) -> int:
    """Remove the voxels open at a face that may go, one by one in raster order; how many were removed."""
    opened = inside & ~np.roll(inside, [-step for step in face], (0, 1, 2))
    chosen = [place for place in map(tuple, np.argwhere(opened)) if _may_go(inside, place)]
    removed = 0
    for place in chosen:
        if _may_go(inside, place):  # still
            inside[place] = False
            removed += 1
    return removed


def _may_go(inside: Any, place: tuple[int, ...]) -> bool:
    around = inside[tuple(slice(i - 1, i + 2) for i in place)].copy()
    around[1, 1, 1] = False
    return _is_simple(around.tobytes())


@lru_cache(maxsize=1 << 16)
def _is_simple(around: bytes) -> bool:
    """Whether the centre is not the end of a line, joins nothing, and has its neighbours' Euler characteristic."""
    voxels = [place for place, byte in zip(product(range(3), repeat=3), around) if byte]
    return len(voxels) != 1 and _parts(voxels) <= 1 and _euler([*voxels, (1, 1, 1)]) == _euler(voxels)


def _parts(voxels: list[tuple[int, ...]]) -> int:
    """Number of parts that touch at faces, edges or corners."""
    left, parts = set(voxels), 0
    while left:
        parts, front = parts + 1, [left.pop()]
        while front:
            here = front.pop()
            near = {other for other in left if all(abs(a - b) <= 1 for a, b in zip(here, other))}
            left -= near
            front += near
    return parts


def _euler(voxels: list[tuple[int, ...]]) -> int:
    """Of the union of closed unit cubes: corners - edges + faces - cubes."""
    cells = {cell for voxel in voxels for cell in _cells(voxel)}
    return sum((-1) ** sum(at % 2 for at in cell) for cell in cells)


def _cells(voxel: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Of a cube; the odd coordinates of a cell are those along which it extends."""
    return product(*((2 * at, 2 * at + 1, 2 * at + 2) for at in voxel))
