"""Formulas of the compound chapter that are wrong elsewhere."""

import numpy as np
import pytest

import paddleseg_losses as losses

from . import FN, FP, OBJECT, SPACE, TP, Z, binary, ours, shown

TWO = Z[:, :2], OBJECT  # two classes under a softmax


@shown
def test_combo_of_the_authors_code_prefers_a_useless_prediction():
    g = OBJECT
    bce = [g * np.log(0.99) * 0.5, 0.5 * (1 - g) * np.log(1 - 0.99)]
    useless = (-bce[0] + bce[1]).mean()
    perfect = 0.0
    loss = losses.ComboLoss(alpha=1.0)
    right = np.where(g == 1, 1 - 1e-9, 1e-9)
    return {
        "useless": useless,
        "perfect": perfect,
        "ours_useless": binary(loss, np.full_like(g, 0.99)),
        "ours_perfect": binary(loss, right),
    }


@shown
def test_combo_minus_the_dice_loss_rewards_errors():
    g = OBJECT
    good, bad = np.where(g == 1, 0.99, 0.01), np.where(g == 1, 0.4, 0.6)
    numbers = {}
    for name, p in (("good", good), ("bad", bad)):
        dice = binary(losses.DiceLoss(), p)
        entropy = binary(losses.ComboLoss(alpha=1.0), p)
        numbers[f"printed_{name}"] = 0.1 * entropy - 0.9 * dice
        numbers[f"ours_{name}"] = binary(losses.ComboLoss(alpha=0.1), p)
    return numbers


@shown
def test_combo_beta_cancels_with_two_classes_and_the_background():
    z, y = Z[:, :2], OBJECT
    low, high = (ours(losses.ComboLoss(alpha=1.0, beta=b, include_background=True), z, y) for b in (0.1, 0.9))
    one, other = (ours(losses.ComboLoss(alpha=1.0, beta=b), z, y) for b in (0.1, 0.9))
    return {"with_low": low, "with_high": high, "without_low": one, "without_high": other}


@shown
def test_power_inside_the_logarithm():
    score = (2 * TP + 1) / (2 * TP + FP + FN + 1)
    value = ours(losses.ExpLogLoss(w_dice=1, w_cross=0))
    assert value == pytest.approx(((-np.log(score)) ** 0.3).mean())
    return {"inside": (-np.log(score**0.3)).mean(), "ours": value}


@shown
def test_combo_with_a_minus_for_the_product():
    g, numbers = np.ones_like(OBJECT), {}
    for name, p in (("good", 0.99), ("bad", 0.01)):
        numbers[f"printed_{name}"] = -0.5 * (1 - np.log(p))
        numbers[f"ours_{name}"] = binary(losses.ComboLoss(alpha=1.0), np.full_like(g, p), g)
    return numbers


@shown
def test_anatomy_net_sums_dice_over_classes():
    tp, fp, fn = (x.sum(axis=0) for x in (TP, FP, FN))
    authors = 3 - ((2 * tp + 1) / (2 * tp + fp + fn + 1)).sum()
    parts = losses.DiceFocalLoss(lambda_focal=0, batch=True), losses.DiceFocalLoss(lambda_focal=0)
    pooled, value = (ours(loss) for loss in parts)
    assert authors == pytest.approx(3 * pooled)
    return {"authors": authors, "ours": value}


@shown
def test_unified_focal_of_the_paper_sums_its_tversky_part():
    focal, index = unified_parts()
    tversky = np.stack([1 - index[:, 0], (1 - index[:, 1]) ** 0.5], axis=1)
    value = ours(losses.AsymmetricUnifiedFocalLoss(delta=0.6, gamma=0.5), *TWO)
    assert value == pytest.approx(0.5 * focal.sum(axis=1).mean() + 0.5 * tversky.mean(), rel=1e-6)
    alone = ours(losses.AsymmetricFocalTverskyLoss(delta=0.6, gamma=0.5), *TWO)
    assert alone == pytest.approx(tversky.mean(), rel=1e-6)
    return {
        "tversky_paper": tversky.sum(axis=1).mean(),
        "tversky_ours": alone,
        "paper": 0.5 * focal.sum(axis=1).mean() + 0.5 * tversky.sum(axis=1).mean(),
        "monai": 0.5 * focal.mean() + 0.5 * tversky.mean(),
        "ours": value,
    }


@shown
def test_unified_focal_of_the_paper_has_the_other_gamma():
    def paper(gamma):
        focal, index = unified_parts(power=1 - gamma, symmetric=True)
        return 0.5 * focal.sum(axis=1).mean() + 0.5 * ((1 - index) ** gamma).mean()

    here, other = (ours(losses.SymmetricUnifiedFocalLoss(delta=0.6, gamma=gamma), *TWO) for gamma in (0.2, 0.8))
    assert other == pytest.approx(paper(0.2), rel=1e-6)
    return {"paper": paper(0.2), "ours": here}


def unified_parts(power=0.5, symmetric=False):
    """The focal part of each class and pixel, and the Tversky index of each sample and class, for delta = 0.6."""
    z, y = TWO
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    g = np.stack([1 - y, y], axis=1)
    focal = -np.array([0.4, 0.6])[:, None, None] * g * np.log(p)
    focal[:, : 2 if symmetric else 1] *= ((1 - p) ** power)[:, : 2 if symmetric else 1]
    tp, fp, fn = (x.sum(axis=SPACE) for x in (p * g, p * (1 - g), (1 - p) * g))
    return focal, tp / (tp + 0.6 * fn + 0.4 * fp)
