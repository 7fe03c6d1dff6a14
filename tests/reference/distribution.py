"""Losses on the distribution of each pixel."""

from __future__ import annotations

import numpy as np

from .common import distance, per_channel, per_class, powr, ratio, reduce_cells, reduce_pixels, reference


def cross_entropy_elements(x, label_smoothing=0.0):
    """Element losses; softmax: -q log p, sigmoid: the binary cross entropy."""
    if x.multiclass:
        q = (1 - label_smoothing) * x.g + label_smoothing / x.z.shape[1]
        return -q * x.log_p
    q = ((1 - label_smoothing) * x.g + label_smoothing / 2) * x.m
    return -q * x.log_p - (1 - q) * x.log_q


@reference("CrossEntropyLoss")
def cross_entropy(x, label_smoothing=0.0, **reduction):
    return reduce_pixels(x, cross_entropy_elements(x, label_smoothing), **reduction)


@reference("BinaryCrossEntropyLoss")
def binary_cross_entropy(x, pos_weight=None, **reduction):
    return reduce_pixels(x, -per_class(x, pos_weight) * x.g * x.log_p - (1 - x.g) * x.log_q, **reduction)


@reference("WeightedBinaryCrossEntropyLoss")
def weighted_binary_cross_entropy(x, beta=2.0, **reduction):
    return binary_cross_entropy(x, pos_weight=beta, **reduction)


@reference("BalancedCrossEntropyLoss")
def balanced_cross_entropy(x, beta=None, batch=False, **reduction):
    if beta is None:  # the share of negatives
        axes = (0, *x.axes) if batch else x.axes
        beta = 1 - ratio(x.g.sum(axis=axes, keepdims=True), x.m.sum(axis=axes, keepdims=True))
    return reduce_pixels(x, -beta * x.g * x.log_p - (1 - beta) * (1 - x.g) * x.log_q, **reduction)


def focal_elements(x, alpha=None, gamma=2.0):
    positive = -powr(x.q, gamma) * x.log_p
    negative = -powr(x.p, gamma) * x.log_q
    if x.multiclass:
        return per_class(x, alpha) * x.g * positive
    on, off = (1.0, 1.0) if alpha is None else (np.ravel(alpha), 1 - np.ravel(alpha))
    return on * x.g * positive + off * (1 - x.g) * negative


@reference("FocalLoss")
def focal(x, alpha=None, gamma=2.0, **reduction):
    return reduce_pixels(x, focal_elements(x, alpha, gamma), **reduction)


@reference("Poly1CrossEntropyLoss")
def poly1_cross_entropy(x, epsilon=1.0, **reduction):
    return reduce_pixels(x, x.g * (-x.log_p + epsilon * x.q), **reduction)


@reference("TopKCrossEntropyLoss")
def top_k_cross_entropy(x, k=10.0, weight=None, reduction="mean"):
    w = per_class(x, weight)
    pixels = (w * cross_entropy_elements(x)).sum(axis=1)
    weights = (w * x.g).sum(axis=1)
    valid = x.m[:, 0] > 0
    n = min(max(int(k * valid.sum() / 100), 1), valid.sum())
    largest = np.argsort(np.where(valid, -pixels, np.inf), axis=None, kind="stable")[:n]
    chosen = np.zeros(pixels.size, dtype=bool)
    chosen[largest] = True
    chosen = chosen.reshape(pixels.shape)
    if reduction == "none":
        return pixels * chosen
    if reduction == "sum":
        return pixels[chosen].sum()
    return ratio(pixels[chosen].sum(), weights[chosen].sum())


def reversed_distance(region, normalize, spacing):
    """The depth in a region turned round: largest on the rim, 0 at the deepest pixel and outside."""
    if region.all() or not region.any():
        return np.zeros(region.shape)
    depth = distance(region, spacing)
    low, high = depth[region].min(), depth[region].max()
    phi = high - depth
    if normalize:
        phi = phi / (high - low) if high > low else np.ones_like(phi)
    return phi * region


@reference("DistancePenalizedCELoss")
def distance_penalized_ce(x, normalize=True, spacing=None, **reduction):
    regions = (x.g == 1,) if x.multiclass else (x.g == 1, (x.g == 0) & (x.m == 1))
    phi = sum(per_channel(lambda r: reversed_distance(r, normalize, spacing), masks) for masks in regions)
    return reduce_pixels(x, (1 + phi) * cross_entropy_elements(x), **reduction)


def calibration_gap(p, g, num_bins, binning, empty_weight):
    """The mean over the bins that are not empty of the gap between prediction and truth."""
    if binning == "hard":
        shares = np.eye(num_bins)[np.minimum((num_bins * p).astype(int), num_bins - 1)]
        least = 0.0
    else:
        place = np.clip(num_bins * p - 0.5, 0, num_bins - 1)
        shares = np.maximum(1 - np.abs(place[:, None] - np.arange(num_bins)), 0)
        least = empty_weight
    sizes = shares.sum(axis=0)
    filled = (sizes > 0) & (sizes >= least)
    gaps = np.abs(p @ shares - g @ shares)[filled] / sizes[filled]
    return gaps.mean() if filled.any() else 0.0


@reference("L1ACELoss")
def l1_ace(x, num_bins=20, binning="hard", empty_weight=0.01, classes="present", **reduction):
    cells = np.zeros(x.z.shape[:2])
    for n, c in np.ndindex(cells.shape):
        valid = x.m[n, c] > 0
        cells[n, c] = calibration_gap(x.p[n, c][valid], x.g[n, c][valid], num_bins, binning, empty_weight)
    return reduce_cells(x, cells, classes=classes, **reduction)
