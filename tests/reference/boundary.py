"""Losses on the distance between boundaries."""

from __future__ import annotations

import numpy as np

from .common import (
    ball,
    cell_means,
    cross,
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
        offsets = ball(radius, len(x.axes))
        truth, prediction = (per_channel(lambda a, offsets=offsets: neighbourhood_mean(a, offsets), a) for a in (p, q))
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
