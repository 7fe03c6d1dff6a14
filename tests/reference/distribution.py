"""Losses on the distribution of each pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .common import (
    cube,
    distance,
    log_probabilities,
    per_channel,
    per_class,
    powr,
    ratio,
    reduce_cells,
    reduce_pixels,
    reference,
    smoothed,
)


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


def expected(x, positive, negative):
    """The mean over the labels that a pixel may have: f(p) if it has the label, f0(p) if it has not."""
    return x.g * positive if x.multiclass else x.g * positive + (x.m - x.g) * negative


@reference("SymmetricCrossEntropyLoss")
def symmetric_cross_entropy(x, alpha=0.1, beta=1.0, label_clip=1e-4, label_smoothing=0.0, **reduction):
    reverse = beta * abs(np.log(label_clip))
    positive, negative = -alpha * x.log_p + reverse * x.q, -alpha * x.log_q + reverse * x.p
    return reduce_pixels(x, expected(smoothed(x, label_smoothing), positive, negative), **reduction)


@reference("GeneralizedCrossEntropyLoss")
def generalized_cross_entropy(x, q=0.7, label_smoothing=0.0, **reduction):
    if q == 0:
        positive, negative = -x.log_p, -x.log_q
    else:
        positive, negative = (1 - x.p**q) / q, (1 - x.q**q) / q
    return reduce_pixels(x, expected(smoothed(x, label_smoothing), positive, negative), **reduction)


@reference("AsymmetricMultilabelLoss")
def asymmetric_multilabel(
    x, gamma_pos=0.0, gamma_neg=4.0, clip=0.05, detach_focus=False, label_smoothing=0.0, **reduction
):
    """`detach_focus` changes the gradient alone."""
    positive = -powr(x.q, gamma_pos) * x.log_p
    reduced = np.maximum(x.p - clip, 0)
    negative = -powr(reduced, gamma_neg) * (np.log1p(-reduced) if clip > 0 else x.log_q)
    return reduce_pixels(x, expected(smoothed(x, label_smoothing), positive, negative), **reduction)


@reference("LogitAdjustedLoss")
def logit_adjusted(x, class_priors, tau=1.0, label_smoothing=0.0, **reduction):
    if class_priors == "batch":
        ones, zeros = (a.sum(axis=(0, *x.axes)) + 1 for a in (x.g, x.m - x.g))
        class_priors = ones if x.multiclass else ones / (ones + zeros)
    r = np.asarray(class_priors, dtype=np.float64)
    shift = tau * (np.log(r) if x.multiclass else np.log(r / (1 - r)))
    log_p, log_q = log_probabilities(x.z + per_class(x, shift), x.mode)
    return reduce_pixels(x, expected(smoothed(x, label_smoothing), -log_p, -log_q), **reduction)


@reference("RecallCrossEntropyLoss")
def recall_cross_entropy(x, **reduction):
    axes, labels = (0, *x.axes), range(x.z.shape[1])
    said = np.stack([x.p.argmax(axis=1) == c for c in labels], axis=1) if x.multiclass else x.p > 0.5
    ones, zeros = x.g == 1, (x.g == 0) & (x.m == 1)
    missed, alarms = ((ones & ~said).sum(axis=axes), (zeros & said).sum(axis=axes))
    positive = np.maximum(missed, 1) / np.maximum(ones.sum(axis=axes), 1)
    negative = np.maximum(alarms, 1) / np.maximum(zeros.sum(axis=axes), 1)
    elements = expected(x, -per_class(x, positive) * x.log_p, -per_class(x, negative) * x.log_q)
    return reduce_pixels(x, elements, **reduction)


@reference("MarginSmoothingLoss")
def margin_smoothing(x, margin=10.0, alpha=0.1, weight=None, reduction="mean"):
    entropy = reduce_pixels(x, cross_entropy_elements(x), weight, reduction)
    if x.multiclass:
        beyond = np.maximum(x.z.max(axis=1, keepdims=True) - x.z - margin, 0)
    else:
        beyond = (np.maximum(np.maximum(x.z, 0) - x.z - margin, 0) + np.maximum(np.maximum(x.z, 0) - margin, 0)) / 2
    return entropy + alpha * ratio((beyond * x.m * x.a).sum(), (x.m * x.a).sum())


@reference("SpatialLabelSmoothingLoss")
def spatial_label_smoothing(x, kernel_size=3, sigma=1.0, **reduction):
    offsets = [o for o in cube(kernel_size // 2, len(x.axes)) if any(o)]
    around = np.array([np.exp((1 - sum(step * step for step in o)) / (2 * sigma**2)) for o in offsets])
    weights = [1.0, *around / around.sum()] if offsets else [1.0]
    offsets = [(0,) * len(x.axes), *offsets]

    def around_each(a):
        return sum(weight * repeated(a, offset) for weight, offset in zip(weights, offsets))

    soft = replace(x, g=ratio(around_each(x.g * x.m), around_each(x.m)) * x.m)
    return reduce_pixels(x, cross_entropy_elements(soft), **reduction)


def repeated(a, offset):
    """The array whose value at i is a[i + offset], and that of the nearest pixel where this lies outside."""
    for axis, step in enumerate(offset, start=2):
        a = np.take(a, np.clip(np.arange(a.shape[axis]) + step, 0, a.shape[axis] - 1), axis=axis)
    return a


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
