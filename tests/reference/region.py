"""Losses on the overlap of regions."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .common import (
    kept_channels,
    micro,
    per_channel,
    per_class,
    powr,
    ratio,
    reduce_cells,
    reference,
)


def sums(x, elements, batch=False):
    """Weighted sum over the pixels of each (sample, class), `[N, C]`, or of each class, `[1, C]`."""
    cells = (elements * x.a).sum(axis=x.axes)
    return cells.sum(axis=0, keepdims=True) if batch else cells


def overlap(x, batch=False):
    """TP, FP, FN. The minimum is p g for a hard target and (p + g - |p - g|) / 2 for a soft one."""
    tp = np.minimum(x.p, x.g)
    return sums(x, tp, batch), sums(x, x.p - tp, batch), sums(x, x.g - tp, batch)


def dice_of(tp, fp, fn, smooth):
    return ratio(2 * tp + smooth, 2 * tp + fp + fn + smooth, empty=1.0)


def dice_score(x, smooth=1.0, batch=False):
    return dice_of(*overlap(x, batch), smooth)


@reference("DiceLoss")
def dice(x, smooth=1.0, squared_pred=False, batch=False, average="macro", **reduction):
    if average == "micro":
        return micro(x, overlap(x, batch), lambda *sums: 1 - dice_of(*sums, smooth), batch, **reduction)
    if squared_pred:
        error = sums(x, (x.p - x.g) ** 2, batch)
        norm = sums(x, x.p**2 + x.g**2, batch)
        return reduce_cells(x, ratio(error, norm + smooth), batch, **reduction)
    return reduce_cells(x, 1 - dice_score(x, smooth, batch), batch, **reduction)


def tversky_of(tp, fp, fn, alpha, beta, smooth):
    error = alpha * fp + beta * fn
    return ratio(error, tp + error + smooth)


def tversky_cells(x, alpha, beta, smooth, batch=False):
    return tversky_of(*overlap(x, batch), alpha, beta, smooth)


def tversky_loss(x, alpha, beta, smooth, batch, average, **reduction):
    if average == "micro":
        return micro(x, overlap(x, batch), lambda *sums: tversky_of(*sums, alpha, beta, smooth), batch, **reduction)
    return reduce_cells(x, tversky_cells(x, alpha, beta, smooth, batch), batch, **reduction)


@reference("JaccardLoss")
def jaccard(x, smooth=1.0, batch=False, average="macro", **reduction):
    return tversky_loss(x, 1.0, 1.0, smooth, batch, average, **reduction)


@reference("TverskyLoss")
def tversky(x, alpha=0.3, beta=0.7, smooth=1.0, batch=False, average="macro", **reduction):
    return tversky_loss(x, alpha, beta, smooth, batch, average, **reduction)


@reference("FocalTverskyLoss")
def focal_tversky(x, alpha=0.3, beta=0.7, gamma=0.75, smooth=1.0, batch=False, **reduction):
    return reduce_cells(x, powr(tversky_cells(x, alpha, beta, smooth, batch), gamma), batch, **reduction)


@reference("AsymmetricSimilarityLoss")
def asymmetric_similarity(x, beta=1.5, smooth=1.0, batch=False, average="macro", **reduction):
    square = beta**2
    return tversky_loss(x, 1 / (1 + square), square / (1 + square), smooth, batch, average, **reduction)


def generalized_dice_scores(x, w_type, smooth, batch, include_background, weight=None):
    """One score a sample (one in all where the batch is pooled)."""
    keep = kept_channels(x, include_background)
    scores = []
    for tp, fp, fn in zip(*(cells[:, keep] for cells in overlap(x, batch))):
        true = tp + fn
        w = np.ones_like(true)
        if true.any():
            power = {"square": 2, "simple": 1, "uniform": 0}[w_type]
            w[true > 0] = 1 / true[true > 0] ** power
            w[true == 0] = w[true > 0].max()
            w = w / w.max()
        w = w * per_class(x, weight).ravel()[keep]
        both = (w * (2 * tp + fp + fn)).sum()
        scores.append(ratio(2 * (w * tp).sum() + smooth, both + smooth, empty=1.0))
    return np.array(scores)


@reference("GeneralizedDiceLoss")
def generalized_dice(x, w_type="square", smooth=1e-5, batch=False, include_background=True, weight=None):
    return (1 - generalized_dice_scores(x, w_type, smooth, batch, include_background, weight)).mean()


@reference("PenaltyGeneralizedDiceLoss")
def penalty_generalized_dice(x, k=2.5, w_type="square", smooth=1e-5, batch=False, include_background=True, weight=None):
    score = generalized_dice_scores(x, w_type, smooth, batch, include_background, weight)
    return (1 - score / (1 + k * (1 - score))).mean()


@reference("SensitivitySpecificityLoss")
def sensitivity_specificity(x, r=0.05, smooth=1e-5, batch=False, **reduction):
    error, off = (x.p - x.g) ** 2, x.m - x.g
    sensitivity = ratio(sums(x, error * x.g, batch), sums(x, x.g, batch) + smooth)
    specificity = ratio(sums(x, error * off, batch), sums(x, off, batch) + smooth)
    return reduce_cells(x, r * sensitivity + (1 - r) * specificity, batch, **reduction)


@reference("LogCoshDiceLoss")
def log_cosh_dice(x, smooth=1.0, batch=False, **reduction):
    return np.log(np.cosh(dice(x, smooth=smooth, batch=batch, **reduction)))


@reference("DicePlusPlusLoss")
def dice_plus_plus(x, gamma=2.0, smooth=1e-7, batch=False, **reduction):
    tp = sums(x, x.p * x.g, batch)
    errors = (1 - x.g) * x.p, x.g * (1 - x.p)
    error = sums(x, sum(np.where(e > 0, e**gamma, 0.0) for e in errors), batch)  # 0^0 as the limit: gamma from above
    return reduce_cells(x, ratio(error, 2 * tp + error + smooth), batch, **reduction)


@reference("NoiseRobustDiceLoss")
def noise_robust_dice(x, gamma=1.5, smooth=1e-5, squared_pred=False, batch=False, **reduction):
    power = 2 if squared_pred else 1
    error = sums(x, np.abs(x.p - x.g) ** gamma, batch)
    size = sums(x, x.p**power + x.g**power, batch)
    return reduce_cells(x, ratio(error, size + smooth), batch, **reduction)


@reference("MCCLoss")
def mcc(x, eps=1e-7, batch=True, **reduction):
    tp, fp, fn = overlap(x, batch)
    tn = sums(x, np.minimum(x.m - x.p, x.m - x.g), batch)
    norm = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn) + eps)
    valid = sums(x, x.m, batch) > 0
    return reduce_cells(x, valid * (1 - ratio(tp * tn - fp * fn, norm)), batch, **reduction)


@reference("GeneralizedWassersteinDiceLoss")
def generalized_wasserstein_dice(x, dist_matrix=None, weighting_mode="default", smooth=1e-5):
    matrix = 1 - np.eye(x.z.shape[1]) if dist_matrix is None else np.asarray(dist_matrix, dtype=np.float64)
    matrix = matrix / matrix.max()
    losses = []
    for p, g, m in zip(x.p, x.g, x.m[:, 0]):
        true = g.argmax(axis=0)
        w = sum(matrix[true, c] * p[c] for c in range(len(p)))
        if weighting_mode == "GDL":
            a = np.array([1 / (channel.sum() + 1) for channel in g])[true] * m
            hit, both = (a * (1 - w)).sum(), (a * (2 - w)).sum()
        else:
            hit = (m * (1 - w))[true != 0].sum()
            both = 2 * hit + (m * w).sum()
        losses.append(1 - ratio(2 * hit + smooth, both + smooth, empty=1.0))
    return np.mean(losses)


def lovasz_extension(errors, truth):
    """Errors from the largest down, each times the step of the Jaccard loss as its pixel turns wrong."""
    hit = union = truth.sum()
    total = before = 0.0
    for i in np.argsort(-errors, kind="stable"):
        hit = hit - truth[i]
        union = union + 1 - truth[i]
        after = 1 - hit / union
        total += errors[i] * (after - before)
        before = after
    return total


def groups(x, per_image):
    """The samples over which one Lovász set runs."""
    return [[n] for n in range(len(x.z))] if per_image else [list(range(len(x.z)))]


@reference("LovaszSoftmaxLoss")
def lovasz_softmax(x, classes="present", per_image=False, weight=None):
    values = []
    for samples in groups(x, per_image):
        terms = []
        for c in kept_channels(x, classes=classes):
            valid = x.m[samples, c] > 0
            truth, p = x.g[samples, c][valid], x.p[samples, c][valid]
            if truth.any() or classes != "present":
                terms.append(per_class(x, weight).ravel()[c] * lovasz_extension(np.abs(truth - p), truth))
        values.append(np.mean(terms) if terms else 0.0)
    return np.mean(values)


@reference("LovaszHingeLoss")
def lovasz_hinge(x, per_image=False, weight=None):
    z, g, m, w = x.z, x.g, x.m, per_class(x, weight).ravel()
    if x.multiclass:  # two channels
        z, g, m, w = z[:, 1:] - z[:, :1], g[:, 1:], m[:, 1:], w[1:]
    terms = []
    for samples in groups(x, per_image):
        for c in range(z.shape[1]):
            valid = m[samples, c] > 0
            truth, score = g[samples, c][valid], z[samples, c][valid]
            terms.append(w[c] * lovasz_extension(np.maximum(1 - score * (2 * truth - 1), 0), truth))
    return np.mean(terms)


def erode(image):
    direct = ndimage.generate_binary_structure(image.ndim, 1)
    return ndimage.minimum_filter(image, footprint=direct, mode="constant", cval=np.inf)


def dilate(image):
    return ndimage.maximum_filter(image, 3, mode="constant", cval=-np.inf)


def soft_skeleton(image, iters):
    """What opening removes, gathered over successive erosions."""
    skeleton = np.zeros_like(image)
    for _ in range(iters + 1):
        ridge = np.maximum(image - dilate(erode(image)), 0)
        skeleton = skeleton + np.maximum(ridge - skeleton * ridge, 0)
        image = erode(image)
    return skeleton


@reference("SoftCLDiceLoss")
def soft_cl_dice(x, iters=3, smooth=1.0, include_background=True, weight=None):
    keep = kept_channels(x, include_background)
    w = per_class(x, weight)[0, keep]
    losses = []
    for p, g in zip(x.p[:, keep], x.g[:, keep]):
        bone_p, bone_g = per_channel(lambda image: soft_skeleton(image, iters), (p, g))
        precision = ratio((w * bone_p * g).sum() + smooth, (w * bone_p).sum() + smooth, empty=1.0)
        sensitivity = ratio((w * bone_g * p).sum() + smooth, (w * bone_g).sum() + smooth, empty=1.0)
        losses.append(1 - ratio(2 * precision * sensitivity, precision + sensitivity))
    return np.mean(losses)
