"""Formulas of the region chapter that are wrong elsewhere."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddleseg_losses as losses

from ..reference.region import soft_skeleton
from . import FN, FP, OBJECT, P_TRUE, SIGMOID, SPACE, TP, G, P, Y, Z, binary, ours, shown


@shown
def test_dice_is_a_ratio_of_sums():
    value = ours(losses.DiceLoss(smooth=0))
    return {"pixels": (1 - 2 * P * G / (P + G)).mean(), "ours": value}


@shown
def test_dice_loss_of_paddle_is_an_absolute_error():
    last = paddle.to_tensor(np.moveaxis(P, 1, -1))
    paddles = float(F.dice_loss(last, paddle.to_tensor(Y[..., None].astype("int64")), epsilon=0.0))
    assert paddles == pytest.approx(np.mean([1 - p.mean() for p in P_TRUE]))
    for labels in (Y, Y[:, None], Y[..., None]):  # as the article calls it: classes in the second axis
        with pytest.raises(AssertionError):
            F.dice_loss(paddle.to_tensor(Z), paddle.to_tensor(labels))
    return {"paddle": paddles, "ours": ours(losses.DiceLoss(smooth=0))}


@shown
def test_dice_with_the_one_in_the_denominator_grows_with_agreement():
    def printed(p, g):
        return (2 * (p * g).sum() + 1) / (1 - g.sum() + p.sum() + 1)

    g = OBJECT[0]
    good, bad = np.where(g == 1, 0.99, 0.01), np.where(g == 1, 0.01, 0.99)
    value = losses.DiceLoss()
    return {
        "printed_good": printed(good, g),
        "printed_bad": printed(bad, g),
        "ours_good": binary(value, good[None], g[None]),
        "ours_bad": binary(value, bad[None], g[None]),
    }


@shown
def test_dice_with_the_union_is_negative_when_perfect():
    g = OBJECT[0]
    common, union = (g * g).sum(), np.maximum(g, g).sum()
    sure = np.where(g == 1, 1 - 1e-9, 1e-9)
    return {"union": 1 - 2 * common / union, "ours": binary(losses.DiceLoss(smooth=0), sure[None], g[None])}


@shown
def test_tversky_names_swapped():
    swapped = (1 - TP / (TP + 0.7 * FP + 0.3 * FN)).mean()
    value = ours(losses.TverskyLoss(alpha=0.3, beta=0.7, smooth=0))
    assert ours(losses.TverskyLoss(alpha=0.7, beta=0.3, smooth=0)) == pytest.approx(swapped)
    return {"swapped": swapped, "ours": value}


@shown
def test_focal_tversky_exponent():
    index = TP / (TP + 0.3 * FP + 0.7 * FN)
    value = ours(losses.FocalTverskyLoss(smooth=0))
    assert value == pytest.approx(((1 - index) ** (3 / 4)).mean())
    return {"printed": ((1 - index) ** (4 / 3)).mean(), "late": (1 - index).mean() ** 0.75, "ours": value}


@shown
def test_generalized_dice_of_a_larger_image():
    def unscaled(p, g, s=1e-5):
        w = 1 / g.sum(axis=(1, 2)) ** 2
        tp, both = ((w * x.sum(axis=(1, 2))).sum() for x in (p * g, p + g))
        return 1 - (2 * tp + s) / (both + s)

    y = np.add.outer(np.arange(16), np.arange(12)) % 3
    numbers = {}
    for name, times in (("small", 1), ("large", 40)):
        labels = np.tile(y, (times, times))
        g = np.stack([labels == c for c in range(3)]).astype(float)
        z = 0.5 * g  # uncertain alike, whatever the size
        p = np.exp(z) / np.exp(z).sum(axis=0)
        numbers[f"unscaled_{name}"] = unscaled(p, g)
        numbers[f"ours_{name}"] = ours(losses.GeneralizedDiceLoss(), z[None], labels[None])
    return numbers


@shown
def test_generalized_dice_with_an_absent_class():
    y = np.where(Y == 2, 0, Y)
    g = np.stack([y == c for c in range(3)], axis=1).astype(float)
    w = 1 / (g.sum(axis=SPACE) + 1e-10) ** 2
    tp, both = ((w * x.sum(axis=SPACE)).sum(axis=1) for x in (P * g, P + g))
    return {"elsewhere": (1 - 2 * tp / both).mean(), "ours": ours(losses.GeneralizedDiceLoss(), y=y)}


@shown
def test_penalty_on_the_loss_is_a_reward():
    plain = ours(losses.GeneralizedDiceLoss(), Z[:1], Y[:1])
    value = ours(losses.PenaltyGeneralizedDiceLoss(k=2.5), Z[:1], Y[:1])
    return {"plain": plain, "printed": plain / (1 + 2.5 * (1 - plain)), "ours": value}


@shown
def test_f_beta_reversed():
    b = 1.5**2
    reverse = (1 - (1 + b) * TP / ((1 + b) * TP + FN + b * FP)).mean()
    return {"reversed": reverse, "ours": ours(losses.AsymmetricSimilarityLoss(smooth=0))}


@shown
def test_sensitivity_specificity_of_the_survey_is_a_gain():
    g = OBJECT
    good, bad = np.where(g == 1, 0.99, 0.01), np.where(g == 1, 0.01, 0.99)

    def survey(p):
        return (0.5 * (p * g).sum() / g.sum()) + 0.5 * ((1 - p) * (1 - g)).sum() / (1 - g).sum()

    loss = losses.SensitivitySpecificityLoss(r=0.5)
    return {
        "survey_good": survey(good),
        "survey_bad": survey(bad),
        "ours_good": binary(loss, good),
        "ours_bad": binary(loss, bad),
    }


@shown
def test_lovasz_softmax_is_not_the_sum():
    return {"sum": ours(losses.CELovaszLoss()), "ours": ours(losses.LovaszSoftmaxLoss())}


@shown
def test_focal_tversky_and_cl_dice_of_the_authors_pool_the_batch():
    def pooled(x):
        return x.sum(axis=0)

    def cl_dice(samples):
        """Over a batch of hard masks or probabilities, whose sums are taken together."""
        p, g = SIGMOID[samples], OBJECT[samples]
        bone_p, bone_g = (np.stack([soft_skeleton(image, 3) for image in x]) for x in (p, g))
        precision = ((bone_p * g).sum() + 1) / (bone_p.sum() + 1)
        sensitivity = ((bone_g * p).sum() + 1) / (bone_g.sum() + 1)
        return 1 - 2 * precision * sensitivity / (precision + sensitivity)

    index = (pooled(TP) + 1) / (pooled(TP) + 0.3 * pooled(FP) + 0.7 * pooled(FN) + 1)
    authors = ((1 - index) ** 0.75).mean()
    assert ours(losses.FocalTverskyLoss(batch=True)) == pytest.approx(authors)
    center_line = binary(losses.SoftCLDiceLoss())
    assert center_line == pytest.approx(np.mean([cl_dice([n]) for n in range(len(Y))]))
    return {
        "tversky_authors": authors,
        "tversky_ours": ours(losses.FocalTverskyLoss()),
        "cl_dice_authors": cl_dice([0, 1]),
        "cl_dice_ours": center_line,
    }


@shown
def test_log_cosh_dice_of_the_survey_flattens_everything():
    def flat(p, g):
        return np.log(np.cosh(1 - (2 * (p * g).sum() + 1) / (p.sum() + g.sum() + 1)))

    one = flat(SIGMOID, OBJECT)
    assert binary(losses.LogCoshDiceLoss(batch=True)) == pytest.approx(one)
    several = flat(P, G)
    assert several == pytest.approx(np.log(np.cosh(1 - P_TRUE.mean())), rel=0.02)
    return {
        "one_survey": one,
        "one_ours": binary(losses.LogCoshDiceLoss()),
        "several_survey": several,
        "several_ours": ours(losses.LogCoshDiceLoss()),
    }


@shown
def test_mcc_of_a_perfect_empty_mask():
    def authors(tp, tn, fp, fn):
        if fp == fn == 0:
            return 0.0
        return 1 - (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))

    empty = np.zeros_like(OBJECT)
    return {
        "authors": authors(0, empty.size, 0, 0),
        "ours": binary(losses.MCCLoss(), np.full_like(empty, 1e-12), empty),
    }


@shown
def test_wasserstein_dice_of_the_paper_weighs_true_positives():
    matrix = np.array([[0, 1, 0.4], [1, 0, 0.5], [0.4, 0.5, 0]])
    price = np.einsum("nhwc,nchw->nhw", matrix[Y], P)

    def value(weight):
        hit = (weight[Y] * (1 - price)).sum(axis=(1, 2))
        return (1 - 2 * hit / (2 * hit + price.sum(axis=(1, 2)))).mean()

    mine = ours(losses.GeneralizedWassersteinDiceLoss(dist_matrix=matrix.tolist(), smooth=0))
    assert mine == pytest.approx(value(np.array([0, 1, 1])))
    return {"paper": value(matrix[0]), "ours": mine}


@shown
def test_lovasz_hinge_of_the_authors_is_a_mean_over_images():
    def hinge(z, g):
        errors = np.maximum(1 - z * (2 * g - 1), 0)
        order = np.argsort(-errors, kind="stable")
        g = g[order]
        jaccard = 1 - (g.sum() - np.cumsum(g)) / (g.sum() + np.cumsum(1 - g))
        return errors[order] @ np.diff(jaccard, prepend=0)

    images = np.mean([hinge(z.ravel(), g.ravel()) for z, g in zip(Z[:, 0], OBJECT)])
    assert binary(losses.LovaszHingeLoss(per_image=True)) == pytest.approx(images)
    value = binary(losses.LovaszHingeLoss())
    assert value == pytest.approx(hinge(Z[:, 0].ravel(), OBJECT.ravel()))
    return {"authors": images, "ours": value}
