"""Losses on the distribution of each pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .common import distance, per_channel, per_class, powr, ratio, reduce_pixels, reference, smoothed


def cross_entropy_elements(x):
    """Element losses; softmax: -g log p, sigmoid: the binary cross entropy."""
    return -x.g * x.log_p - (0 if x.multiclass else (x.m - x.g) * x.log_q)


@reference("CrossEntropyLoss")
def cross_entropy(x, label_smoothing=0.0, **reduction):
    return reduce_pixels(x, cross_entropy_elements(smoothed(x, label_smoothing)), **reduction)


@reference("BinaryCrossEntropyLoss")
def binary_cross_entropy(x, pos_weight=None, label_smoothing=0.0, **reduction):
    q = smoothed(x, label_smoothing).g
    return reduce_pixels(x, -per_class(x, pos_weight) * q * x.log_p - (1 - q) * x.log_q, **reduction)


@reference("WeightedBinaryCrossEntropyLoss")
def weighted_binary_cross_entropy(x, beta=2.0, **reduction):
    return binary_cross_entropy(x, pos_weight=beta, **reduction)


@reference("BalancedCrossEntropyLoss")
def balanced_cross_entropy(x, beta=None, batch=False, label_smoothing=0.0, **reduction):
    if beta is None:  # the share of negatives
        axes = (0, *x.axes) if batch else x.axes
        beta = 1 - ratio(x.g.sum(axis=axes, keepdims=True), x.m.sum(axis=axes, keepdims=True))
    q = smoothed(x, label_smoothing).g
    return reduce_pixels(x, -beta * q * x.log_p - (1 - beta) * (1 - q) * x.log_q, **reduction)


def focal_elements(x, alpha=None, gamma=2.0):
    positive = -powr(x.q, gamma) * x.log_p
    negative = -powr(x.p, gamma) * x.log_q
    if x.multiclass:
        return per_class(x, alpha) * x.g * positive
    on, off = (1.0, 1.0) if alpha is None else (np.ravel(alpha), 1 - np.ravel(alpha))
    return on * x.g * positive + off * (1 - x.g) * negative


@reference("FocalLoss")
def focal(x, alpha=None, gamma=2.0, label_smoothing=0.0, **reduction):
    return reduce_pixels(x, focal_elements(smoothed(x, label_smoothing), alpha, gamma), **reduction)


@reference("Poly1CrossEntropyLoss")
def poly1_cross_entropy(x, epsilon=1.0, label_smoothing=0.0, **reduction):
    return reduce_pixels(x, smoothed(x, label_smoothing).g * (-x.log_p + epsilon * x.q), **reduction)


@reference("TopKCrossEntropyLoss")
def top_k_cross_entropy(x, k=10.0, threshold=None, min_kept=0, weight=None, label_smoothing=0.0, reduction="mean"):
    """Pixels under a softmax, elements under a sigmoid; those that are chosen are reduced as in any cross entropy."""
    joint = (lambda values: values.sum(axis=1, keepdims=True)) if x.multiclass else (lambda values: values)
    valid = x.m[:, :1] > 0 if x.multiclass else x.m > 0
    values = joint(per_class(x, weight) * cross_entropy_elements(smoothed(x, label_smoothing)))
    hardness, n = values, min(max(int(k * valid.sum() / 100), 1), valid.sum())
    if threshold is not None:
        unlikely = 1 - joint(x.g * x.p + (0 if x.multiclass else (1 - x.g) * x.q))
        hardness, n = unlikely, max(int((valid & (1 - unlikely < threshold)).sum()), min(min_kept, valid.sum()))
    hardest = np.argsort(np.where(valid, -hardness, np.inf), axis=None, kind="stable")[:n]
    chosen = np.zeros(values.size)
    chosen[hardest] = 1
    kept = replace(x, m=x.m * chosen.reshape(values.shape), g=x.g * chosen.reshape(values.shape))
    return reduce_pixels(kept, cross_entropy_elements(smoothed(kept, label_smoothing)), weight, reduction)


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
def distance_penalized_ce(x, normalize=True, spacing=None, label_smoothing=0.0, **reduction):
    regions = (x.g == 1,) if x.multiclass else (x.g == 1, (x.g == 0) & (x.m == 1))
    phi = sum(per_channel(lambda r: reversed_distance(r, normalize, spacing), masks) for masks in regions)
    phi = phi.sum(axis=1, keepdims=True) if x.multiclass else phi  # a pixel lies in one region
    return reduce_pixels(x, (1 + phi) * cross_entropy_elements(smoothed(x, label_smoothing)), **reduction)
