"""Formulas of the region chapter that are wrong elsewhere."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddleseg_losses as losses

from . import FN, FP, OBJECT, P_TRUE, SPACE, TP, G, P, Y, Z, binary, ours, shown


@shown
def test_dice_is_a_ratio_of_sums():
    value = ours(losses.DiceLoss(smooth=0))
    return {"pixels": (1 - 2 * P * G / (P + G)).mean(), "ours": value}


@shown
def test_dice_loss_of_paddle_is_an_absolute_error():
    last = paddle.to_tensor(np.moveaxis(P, 1, -1))
    paddles = float(F.dice_loss(last, paddle.to_tensor(Y[..., None].astype("int64")), epsilon=0.0))
    assert paddles == pytest.approx(np.mean([1 - p.mean() for p in P_TRUE]))
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
    found = {}
    for name, times in (("small", 1), ("large", 40)):
        labels = np.tile(y, (times, times))
        g = np.stack([labels == c for c in range(3)]).astype(float)
        z = 0.5 * g  # uncertain alike, whatever the size
        p = np.exp(z) / np.exp(z).sum(axis=0)
        found[f"unscaled_{name}"] = unscaled(p, g)
        found[f"ours_{name}"] = ours(losses.GeneralizedDiceLoss(), z[None], labels[None])
    return found


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
