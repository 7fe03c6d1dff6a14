"""Losses on the distance between boundaries."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from scipy import ndimage

from .common import (
    ball_mean,
    cell_means,
    cross,
    cube,
    distance,
    missing_neighbour,
    nearest,
    neighbourhood_mean,
    per_channel,
    per_class,
    ratio,
    reduce_cells,
    reduce_pixels,
    reference,
    shifted,
    smoothed,
)
from .distribution import cross_entropy_elements


@reference("HausdorffDTLoss")
def hausdorff_dt(x, alpha=2.0, one_sided=False, include_background=False, spacing=None, **cells):
    def field(masks):
        return per_channel(lambda r: distance(r, spacing) + distance(~r, spacing), masks) ** alpha

    fields = field(x.g > 0.5)
    if not one_sided:
        fields = fields + field(x.p > 0.5)
    return reduce_cells(x, cell_means(x, (x.p - x.g) ** 2 * fields), include_background=include_background, **cells)


def erosion_series(error, alpha, erosions):
    """Erode again and again, stretch each result to [0, 1], and weigh it by its depth."""
    total = np.zeros_like(error)
    for step in range(1, erosions + 1):
        error = np.maximum(neighbourhood_mean(error, cross(error.ndim)) - 0.5, 0)
        spread = error.max() - error.min()
        if spread > 0:
            error = (error - error.min()) / spread
        total += error * step**alpha
    return total


@reference("HausdorffERLoss")
def hausdorff_er(x, alpha=2.0, erosions=10, include_background=True, **cells):
    series = per_channel(lambda e: erosion_series(e, alpha, erosions), (x.p - x.g) ** 2)
    return reduce_cells(x, cell_means(x, series), include_background=include_background, **cells)


@reference("HausdorffCVLoss")
def hausdorff_cv(x, alpha=2.0, radii=(3, 6, 9, 12, 15, 18), include_background=False, **cells):
    def soft_threshold(a):
        return np.maximum(a - 0.5, 0)

    p, q = x.g, x.p  # the symbols of the paper: truth and prediction
    total = np.zeros_like(q)
    for radius in radii:
        truth, prediction = (per_channel(lambda a, radius=radius: ball_mean(a, radius), a) for a in (p, q))
        outside = soft_threshold(1 - truth) * q + soft_threshold(1 - prediction) * p
        inside = soft_threshold(truth) * p + soft_threshold(prediction) * q
        total += radius**alpha * (p - q) ** 2 * (outside + inside)
    return reduce_cells(x, cell_means(x, total), include_background=include_background, **cells)


@reference("BoundaryLoss")
def boundary(x, include_background=False, spacing=None, **cells):
    offset = 1.0 if spacing is None else min(spacing)

    def level_set(region):
        """Positive outside, negative inside, 0 on the region's own rim."""
        return distance(~region, spacing) - (distance(region, spacing) - offset) * region * (not region.all())

    phi = per_channel(level_set, x.g > 0.5)
    return reduce_cells(x, cell_means(x, x.p * phi), include_background=include_background, **cells)


@reference("BoundaryDoULoss")
def boundary_dou(x, smooth=1e-5, max_alpha=0.8, weight=None):
    terms = []
    for c in range(x.z.shape[1]):
        p, g = x.p[:, c], x.g[:, c]
        if not x.m[:, c].any():
            terms.append(0.0)
            continue
        rim = sum(missing_neighbour(region, border=False).sum() for region in g > 0.5)
        alpha = min(1 - 2 * (rim + smooth) / (g.sum() + smooth), max_alpha)
        both, squares = (p * g).sum(), (p**2 + g**2).sum()
        terms.append(ratio(squares - 2 * both + smooth, squares - (1 + alpha) * both + smooth))
    return np.mean(per_class(x, weight).ravel() * terms)


def contour_distance(predicted, true, spacing=None):
    """Mean distance from the predicted contour to the true one, None where either is missing."""
    predicted, true = (missing_neighbour(region, border=True) for region in (predicted, true))
    if not predicted.any() or not true.any():
        return None
    return nearest(predicted, true, spacing).mean()


@reference("ShapeAwareLoss")
def shape_aware(x, spacing=None, label_smoothing=0.0, **reduction):
    if x.multiclass:
        best = x.z.argmax(axis=1)
        predicted = np.stack([best == c for c in range(x.z.shape[1])], axis=1) & (x.m > 0)
    else:
        predicted = x.p > 0.5
    true = x.g > 0.5
    weight = np.zeros_like(x.z)
    for n in range(len(x.z)):
        distances = [contour_distance(a, b, spacing) for a, b in zip(predicted[n], true[n])]
        if x.multiclass:
            known = [d for d in distances[1:] if d is not None]
            wrong = (predicted[n] != true[n]).any(axis=0)
            weight[n] = wrong * np.mean(known) if known else 0.0
        else:
            for c, d in enumerate(distances):
                weight[n, c] = (predicted[n, c] != true[n, c]) * (d or 0.0)
    return reduce_pixels(x, (1 + weight) * cross_entropy_elements(smoothed(x, label_smoothing)), **reduction)


def corners(a, axes, cells):
    """The value at each corner of the cells of neighbouring pixels, by its place in the cell."""
    corner = {}
    for place in itertools.product(*[(0, 1) if axis in axes else (0,) for axis in range(2, a.ndim)]):
        corner[place] = a[(..., *[slice(p, p + n) for p, n in zip(place, cells)])]
    return corner


def contour_length(x, eps):
    """Mean over the cells that are valid altogether of sqrt(s + eps) - sqrt(eps)."""
    axes = [axis for axis in x.axes if x.z.shape[axis] > 1]
    if not axes:
        return np.zeros(x.z.shape[:2])
    cells = [x.z.shape[axis] - (axis in axes) for axis in x.axes]
    p, m = corners(x.p, axes, cells), corners(x.m, axes, cells)
    square = 0
    for axis in axes:
        ends = [place for place in p if place[axis - 2] == 1]
        starts = [tuple(0 if k == axis - 2 else step for k, step in enumerate(place)) for place in ends]
        square = square + np.mean([(p[end] - p[start]) ** 2 for end, start in zip(ends, starts)], axis=0)
    whole = np.prod(list(m.values()), axis=0)
    return ratio(((np.sqrt(square + eps) - np.sqrt(eps)) * whole).sum(axis=x.axes), whole.sum(axis=x.axes))


@reference("ActiveContourLoss")
def active_contour(x, lambda_length=1.0, lambda_region=1.0, eps=1e-8, **cells):
    region = cell_means(x, x.p * (1 - x.g) ** 2 + (1 - x.p) * x.g**2)
    return reduce_cells(x, lambda_length * contour_length(x, eps) + lambda_region * region, **cells)


def largest(a, size):
    """Maximum over the cube around every pixel of a map; outside the image is neutral."""
    return ndimage.maximum_filter(a, size, mode="constant", cval=-np.inf)


@reference("BoundaryF1Loss")
def boundary_f1(x, theta0=3, theta=5, smooth=1.0, **cells):
    def soft_boundary(a):
        return largest(1 - a, theta0) - (1 - a)

    b_p, b_g = (per_channel(soft_boundary, a) for a in (x.p, x.g))
    wide_p, wide_g = (per_channel(lambda b: largest(b, theta), b) for b in (b_p, b_g))
    precision, recall = (
        ratio((b * wide).sum(axis=x.axes) + smooth, b.sum(axis=x.axes) + smooth, empty=1.0)
        for b, wide in ((b_p, wide_g), (b_g, wide_p))
    )
    return reduce_cells(x, 1 - ratio(2 * precision * recall, precision + recall), **cells)


@reference("ActiveBoundaryLoss")
def active_boundary(x, max_distance=20.0, boundary_ratio=0.01, label_smoothing=0.2):
    if x.multiclass:
        return boundary_pull(x.log_p, x.g.argmax(axis=1), x.m[:, 0] > 0, max_distance, boundary_ratio, label_smoothing)
    problems = zip(*(np.moveaxis(a, 1, 0) for a in (x.log_p, x.log_q, x.g, x.m)))
    return np.mean(
        [
            boundary_pull(np.stack([q, p], axis=1), g, m > 0, max_distance, boundary_ratio, label_smoothing)
            for p, q, g, m in problems
        ]
    )


def boundary_pull(log_p, labels, valid, max_distance, boundary_ratio, label_smoothing):
    """The mean over the predicted boundaries of a batch: `log_p` is `[N, C, *S]`, the others are `[N, *S]`."""
    terms = []
    for logs, y, m in zip(log_p, labels, valid):
        edge = true_boundary(y, m)
        if not edge.any():
            continue
        squares = np.zeros(y.shape)
        if not edge.all():
            squares[~edge] = np.rint(nearest(~edge, edge) ** 2)
        for place in np.argwhere(predicted_boundary(logs, m, boundary_ratio)):
            distance = min(np.sqrt(squares[tuple(place)]), max_distance) / max_distance
            terms.append(distance * pull(logs, m, squares, place, label_smoothing))
    return np.mean(terms) if terms else 0.0


def divergence(here, there):
    return (np.exp(here) * (here - there)).sum(axis=0)


def true_boundary(labels, valid):
    """Where the label of the next pixel along an axis differs; ignored pixels belong to it, and are a label."""
    labels, edge = np.where(valid, labels, -1), ~valid
    for axis in range(labels.ndim):
        change = np.diff(labels, axis=axis) != 0
        edge = edge | np.concatenate([change, np.zeros_like(change, shape=np.take(edge, [0], axis).shape)], axis=axis)
    return edge


def predicted_boundary(logs, valid, ratio):
    kappa = np.zeros(valid.shape)
    for axis in range(valid.ndim):
        for place in np.argwhere(valid):
            there = place.copy()
            there[axis] += 1
            if there[axis] < valid.shape[axis] and valid[tuple(there)]:
                kappa[tuple(place)] += divergence(logs[(slice(None), *place)], logs[(slice(None), *there)])
    count = max(int(ratio * valid.sum()), 1)
    largest = np.sort(kappa[valid])[::-1]
    start = valid & (kappa > max(1e-5, largest[count] if len(largest) > count else 0.0))
    return valid & functools.reduce(np.logical_or, [shifted(start, o, False) for o in cube(1, valid.ndim)])


def pull(logs, valid, squares, place, smoothing):
    """Cross entropy of the neighbours, with the one that is nearest to the true boundary as the truth."""
    around = sorted((o for o in cube(1, valid.ndim) if any(o)), key=lambda o: (np.count_nonzero(o), tuple(o)))
    around = [tuple(place + np.array(o)) for o in around]
    around = [n for n in around if min(n) >= 0 and all(a < b for a, b in zip(n, valid.shape)) and valid[n]]
    if not around:
        return 0.0
    scores = np.array([divergence(logs[(slice(None), *n)], logs[(slice(None), *place)]) for n in around])
    target = np.full(len(around), smoothing / len(around))
    target[np.argmin([squares[n] for n in around])] += 1 - smoothing
    return (target * (np.logaddexp.reduce(scores) - scores)).sum()
