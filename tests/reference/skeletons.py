"""Losses on hard skeletons of regions."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from scipy import ndimage

from .common import distance, ratio, reduce_cells, reference
from .region import soft_skeleton, sums

# Passes that remove a pixel, by its neighbours from the north-west round to the west: 1, 2 or both.
ZHANG_SUEN = (
    "0001001300311013000000002020303300000000300000000000000020003022"
    "0000000000000000000000000000000020000000200020003000000030003020"
    "0031001300000001000000000000000131000000000000002000000000000000"
    "2313001300000001000000000000000023010001000000003301000022002000"
)
BITS = np.array([[1, 2, 4], [128, 0, 8], [64, 32, 16]])


def thin_image(region):
    thin = region.copy()
    while True:
        before = thin.copy()
        for bit in (1, 2):
            index = ndimage.correlate(thin.astype(int), BITS, mode="constant")
            goes = np.array([int(entry) & bit > 0 for entry in ZHANG_SUEN])[index]
            thin = thin & ~goes
        if (thin == before).all():
            return thin


def euler(block):
    """Of the union of closed cubes: cells of even dimension minus those of odd dimension."""
    grid = np.zeros([2 * size + 1 for size in block.shape], bool)
    for place in np.argwhere(block):
        grid[tuple(slice(2 * i, 2 * i + 3) for i in place)] = True
    return sum((-1) ** (sum(place) % 2) for place in np.argwhere(grid).tolist())


@functools.cache
def simple(flags):
    """Whether the middle of a block of 27 voxels may go."""
    block = np.array(flags, bool).reshape(3, 3, 3)
    without = block.copy()
    without[1, 1, 1] = False
    parts = ndimage.label(without, np.ones((3, 3, 3)))[1]
    return without.sum() != 1 and parts <= 1 and euler(block) == euler(without)


def thin_volume(region):
    thin = np.pad(region, 1)
    faces = [face for face in ((1, -1), (1, 1), (2, 1), (2, -1), (0, 1), (0, -1)) if region.shape[face[0]] > 1]

    def goes(place):
        return thin[place] and simple(tuple(thin[tuple(slice(i - 1, i + 2) for i in place)].ravel().tolist()))

    def opened(place, axis, step):
        return not thin[tuple(at + step * (k == axis) for k, at in enumerate(place))]

    places = list(itertools.product(*(range(1, size + 1) for size in region.shape)))
    before = None
    while before is None or (thin != before).any():
        before = thin.copy()
        for face in faces:
            for place in [place for place in places if opened(place, *face) and goes(place)]:
                thin[place] = not goes(place)
    return thin[1:-1, 1:-1, 1:-1]


def skeleton(region):
    if region.ndim == 1:
        return thin_image(region[None])[0]
    return thin_image(region) if region.ndim == 2 else thin_volume(region)


def tube_of(region, radius):
    near = skeleton(region)
    return ndimage.binary_dilation(near, iterations=radius) if radius else near


@reference("SkeletonRecallLoss")
def skeleton_recall(x, tube=2, smooth=1.0, merge_classes=True, batch=False, **reduction):
    true = x.g > 0.5
    near = np.zeros_like(true)
    for n, sample in enumerate(true):
        if not x.multiclass:
            near[n] = [tube_of(channel, tube) for channel in sample]
        elif merge_classes:
            near[n, 1:] = tube_of(sample[1:].any(axis=0), tube)
        else:
            near[n, 1:] = [tube_of(channel, tube) for channel in sample[1:]]
    t = x.g * near
    cells = 1 - ratio(sums(x, x.p * t, batch) + smooth, sums(x, t, batch) + smooth, empty=1.0)
    return reduce_cells(x, cells, batch, include_background=False, **reduction)


def widths(region, iters):
    """Depth, radius on the skeleton and weight of the skeleton, each over the largest radius."""
    inside = np.ones(region.shape) if region.all() else distance(region)
    bones = soft_skeleton(region.astype(float), iters)
    radius = inside * bones
    top = max(1.0, radius.max())
    power = max(region.ndim - 1, 1)
    return np.minimum(inside, top) / top, radius / top, bones * ((top - radius + 1) / top) ** power


@reference("CBDiceLoss")
def cb_dice(x, iters=10, smooth=1.0, cap=True, include_background=False, **reduction):
    def cell(p, g):
        depth_g, radius_g, weight_g = widths(g > 0.5, iters)
        depth_p, radius_p, weight_p = (each * p for each in widths(p > 0.5, iters))
        mixed_p = np.where(radius_g > 0, radius_g, radius_p)
        mixed_g = np.where(radius_p > 0, radius_p, radius_g)
        shares = [
            ratio((weight * depth).sum() + smooth, (weight * mixed).sum() + smooth, empty=1.0)
            for weight, depth, mixed in ((weight_p, depth_g, mixed_p), (weight_g, depth_p, mixed_g))
        ]
        a, b = np.minimum(shares, 1) if cap else shares
        return 1 - ratio(2 * a * b, a + b)

    cells = np.array([[cell(p, g) for p, g in zip(*sample)] for sample in zip(x.p, x.g)])
    return reduce_cells(x, cells, include_background=include_background, **reduction)
