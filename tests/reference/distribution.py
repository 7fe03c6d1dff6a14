"""Losses on the distribution of each pixel."""

from __future__ import annotations

import numpy as np

from .common import (
    cube,
    distance,
    log_probabilities,
    per_channel,
    per_class,
    powr,
    ratio,
    reduce_pixels,
    reference,
)


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


def expected(x, positive, negative, label_smoothing=0.0):
    """The mean over the labels that a pixel may have: f(p) if it has the label, f0(p) if it has not."""
    q = ((1 - label_smoothing) * x.g + label_smoothing / (x.z.shape[1] if x.multiclass else 2)) * x.m
    return q * positive if x.multiclass else q * positive + (x.m - q) * negative


@reference("SymmetricCrossEntropyLoss")
def symmetric_cross_entropy(x, alpha=0.1, beta=1.0, label_clip=1e-4, label_smoothing=0.0, **reduction):
    reverse = beta * abs(np.log(label_clip))
    positive, negative = -alpha * x.log_p + reverse * x.q, -alpha * x.log_q + reverse * x.p
    return reduce_pixels(x, expected(x, positive, negative, label_smoothing), **reduction)


@reference("GeneralizedCrossEntropyLoss")
def generalized_cross_entropy(x, q=0.7, label_smoothing=0.0, **reduction):
    if q == 0:
        positive, negative = -x.log_p, -x.log_q
    else:
        positive, negative = (1 - x.p**q) / q, (1 - x.q**q) / q
    return reduce_pixels(x, expected(x, positive, negative, label_smoothing), **reduction)


@reference("AsymmetricMultilabelLoss")
def asymmetric_multilabel(
    x, gamma_pos=0.0, gamma_neg=4.0, clip=0.05, detach_focus=False, label_smoothing=0.0, **reduction
):
    """`detach_focus` changes the gradient alone."""
    positive = -powr(x.q, gamma_pos) * x.log_p
    reduced = np.maximum(x.p - clip, 0)
    negative = -powr(reduced, gamma_neg) * (np.log1p(-reduced) if clip > 0 else x.log_q)
    return reduce_pixels(x, expected(x, positive, negative, label_smoothing), **reduction)


@reference("LogitAdjustedLoss")
def logit_adjusted(x, class_priors, tau=1.0, label_smoothing=0.0, **reduction):
    if class_priors == "batch":
        ones, zeros = (a.sum(axis=(0, *x.axes)) + 1 for a in (x.g, x.m - x.g))
        class_priors = ones if x.multiclass else ones / (ones + zeros)
    r = np.asarray(class_priors, dtype=np.float64)
    shift = tau * (np.log(r) if x.multiclass else np.log(r / (1 - r)))
    log_p, log_q = log_probabilities(x.z + per_class(x, shift), x.mode)
    return reduce_pixels(x, expected(x, -log_p, -log_q, label_smoothing), **reduction)


@reference("RecallCrossEntropyLoss")
def recall_cross_entropy(x, **reduction):
    axes, labels = (0, *x.axes), range(x.z.shape[1])
    said = np.stack([x.p.argmax(axis=1) == c for c in labels], axis=1) if x.multiclass else x.p > 0.5
    ones, zeros = x.g == 1, (x.g == 0) & (x.m == 1)
    missed, alarms = ((ones & ~said).sum(axis=axes), (zeros & said).sum(axis=axes))
    positive = np.maximum(missed, 1) / np.maximum(ones.sum(axis=axes), 1)
    negative = np.maximum(alarms, 1) / np.maximum(zeros.sum(axis=axes), 1)
    elements = -per_class(x, positive) * x.g * x.log_p
    if not x.multiclass:
        elements = elements - per_class(x, negative) * (x.m - x.g) * x.log_q
    return reduce_pixels(x, elements, **reduction)


@reference("MarginSmoothingLoss")
def margin_smoothing(x, margin=10.0, alpha=0.1, label_smoothing=0.0, **reduction):
    entropy = reduce_pixels(x, cross_entropy_elements(x, label_smoothing), **reduction)
    if x.multiclass:
        beyond = np.maximum(x.z.max(axis=1, keepdims=True) - x.z - margin, 0)
    else:
        beyond = (np.maximum(np.maximum(x.z, 0) - x.z - margin, 0) + np.maximum(np.maximum(x.z, 0) - margin, 0)) / 2
    return entropy + alpha * ratio((beyond * x.m).sum(), x.m.sum())


@reference("SpatialLabelSmoothingLoss")
def spatial_label_smoothing(x, kernel_size=3, sigma=1.0, **reduction):
    offsets = [o for o in cube(kernel_size // 2, len(x.axes)) if any(o)]
    around = np.array([np.exp(-sum(step * step for step in o) / (2 * sigma**2)) for o in offsets])
    weights = [1.0, *around / around.sum()] if offsets else [1.0]
    offsets = [(0,) * len(x.axes), *offsets]

    def smoothed(a):
        return sum(weight * repeated(a, offset) for weight, offset in zip(weights, offsets))

    q = ratio(smoothed(x.g * x.m), smoothed(x.m)) * x.m
    elements = -q * x.log_p if x.multiclass else -q * x.log_p - (x.m - q) * x.log_q
    return reduce_pixels(x, elements, **reduction)


def repeated(a, offset):
    """The array whose value at i is a[i + offset], and that of the nearest pixel where this lies outside."""
    for axis, step in enumerate(offset, start=2):
        a = np.take(a, np.clip(np.arange(a.shape[axis]) + step, 0, a.shape[axis] - 1), axis=axis)
    return a
