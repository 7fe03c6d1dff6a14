"""Losses that join two ideas."""

from __future__ import annotations

import numpy as np

from .common import (
    cube,
    kept_channels,
    neighbourhood_mean,
    per_channel,
    per_class,
    powr,
    ratio,
    reference,
    shifted,
    softplus,
)
from .distribution import cross_entropy, focal
from .region import dice, dice_score, lovasz_hinge, lovasz_softmax, tversky_cells


@reference("ComboLoss")
def combo(x, alpha=0.5, beta=0.5, smooth=1.0, batch=False, include_background=False, weight=None):
    keep = kept_channels(x, include_background)
    a = x.a * per_class(x, weight)
    elements = a * (-beta * x.g * x.log_p - (1 - beta) * (1 - x.g) * x.log_q)
    cross_entropy_part = elements[:, keep].sum() / (a * x.m)[:, keep].sum()
    dice_part = dice(x, smooth=smooth, batch=batch, include_background=include_background, weight=weight)
    return alpha * cross_entropy_part + (1 - alpha) * dice_part


@reference("ExpLogLoss")
def exp_log(x, w_dice=0.8, w_cross=0.2, gamma_dice=0.3, gamma_cross=0.3, smooth=1.0, batch=False, weight=None):
    dice_part = powr(-np.log(dice_score(x, smooth, batch)), gamma_dice).mean()
    if x.multiclass:
        labels, logs = [x.g[:, c] for c in range(x.z.shape[1])], [x.log_p[:, c] for c in range(x.z.shape[1])]
    else:
        labels, logs = [x.m - x.g, x.g], [x.log_q, x.log_p]
    counts = np.array([label.sum() for label in labels])
    if weight is None:
        weight = np.sqrt(ratio(counts.sum(), counts))  # an absent label is never asked for its weight
    terms = [w * (label * powr(-log, gamma_cross)).sum() for w, label, log in zip(weight, labels, logs)]
    return w_dice * dice_part + w_cross * sum(terms) / counts.sum()


def dissimilarity(x, window_size=3, sigma=1.5, c4=0.01, beta=0.1):
    """Each pixel's error between locally standardised target and prediction, 0 where it is small."""
    offsets = cube(window_size // 2, len(x.axes))
    kernel = [np.exp(-sum(o * o for o in offset) / (2 * sigma**2)) for offset in offsets]

    def blur(a):
        return per_channel(lambda s: sum(k * shifted(s, o) for k, o in zip(kernel, offsets)), a)

    def standardised(a):
        total = blur(x.m)  # only valid pixels inside the image take part
        mean, square = ratio(blur(a * x.m), total), ratio(blur(a**2 * x.m), total)
        return (a - mean + c4) / (np.sqrt(np.maximum(square - mean**2, 0)) + c4)

    p = np.exp(-softplus(-x.z))
    error = np.abs(standardised(x.g) - standardised(p)) * x.m
    return error * (error > beta * error.max())


@reference("StructuralSimilarityLoss")
def structural_similarity(x, **options):
    weight = dissimilarity(x, **options)
    element = softplus(x.z) - x.z * x.g
    return ratio((weight * element).sum(), np.count_nonzero(weight))


@reference("CELovaszLoss")
def ce_lovasz(x, ce_weight=1.0, lovasz_weight=1.0, weight=None):
    lovasz = lovasz_softmax(x, weight=weight) if x.multiclass else lovasz_hinge(x, weight=weight)
    return ce_weight * cross_entropy(x, weight=weight) + lovasz_weight * lovasz


@reference("DiceCELoss")
def dice_ce(x, lambda_dice=1.0, lambda_ce=1.0, label_smoothing=0.0, weight=None, **options):
    return lambda_dice * dice(x, weight=weight, **options) + lambda_ce * cross_entropy(
        x, label_smoothing, weight=weight
    )


@reference("DiceFocalLoss")
def dice_focal(x, lambda_dice=1.0, lambda_focal=1.0, gamma=2.0, alpha=None, weight=None, **options):
    focal_part = focal(x, alpha=alpha, gamma=gamma, weight=weight)
    return lambda_dice * dice(x, weight=weight, **options) + lambda_focal * focal_part


def unified_focal_part(x, delta, gamma, symmetric=False):
    """Focal cross entropy whose power acts on the background alone, unless symmetric."""
    element = -x.g * x.log_p
    suppressed = powr(x.q, gamma) * element
    background = (1 - delta) * suppressed[:, :1]
    foreground = delta * (suppressed if symmetric else element)[:, 1:]
    return (background.sum() + foreground.sum()) / x.m[:, 0].sum()


def unified_tversky_part(x, delta, gamma, smooth, symmetric=False):
    """Tversky whose power acts on the foreground alone, unless symmetric."""
    cells = tversky_cells(x, 1 - delta, delta, smooth)
    enhanced = powr(cells, 1 - gamma)
    background = enhanced if symmetric else cells
    return np.concatenate([background[:, :1], enhanced[:, 1:]], axis=1).mean()


@reference("AsymmetricFocalLoss")
def asymmetric_focal(x, delta=0.7, gamma=2.0):
    return unified_focal_part(x, delta, gamma)


@reference("AsymmetricFocalTverskyLoss")
def asymmetric_focal_tversky(x, delta=0.7, gamma=0.75, smooth=1e-7):
    return unified_tversky_part(x, delta, gamma, smooth)


def unified_focal(x, weight, delta, gamma, symmetric):
    focal_part = unified_focal_part(x, delta, gamma, symmetric)
    return weight * focal_part + (1 - weight) * unified_tversky_part(x, delta, gamma, 1e-7, symmetric)


@reference("AsymmetricUnifiedFocalLoss")
def asymmetric_unified_focal(x, weight=0.5, delta=0.6, gamma=0.5):
    return unified_focal(x, weight, delta, gamma, symmetric=False)


@reference("SymmetricUnifiedFocalLoss")
def symmetric_unified_focal(x, weight=0.5, delta=0.6, gamma=0.5):
    return unified_focal(x, weight, delta, gamma, symmetric=True)


@reference("NACLLoss")
def nacl(x, kernel_size=3, alpha=0.1, distance_type="l1", **reduction):
    window = cube(kernel_size // 2, len(x.axes))
    neighbours = per_channel(lambda a: neighbourhood_mean(a, window), x.g)
    gap = np.abs(neighbours - x.z) ** {"l1": 1, "l2": 2}[distance_type]
    return cross_entropy(x, **reduction) + alpha * (gap * x.m).sum() / x.m.sum()
