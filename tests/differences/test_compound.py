"""Formulas of the compound chapter that are wrong elsewhere."""

import numpy as np
import pytest

import paddleseg_losses as losses

from . import FN, FP, OBJECT, TP, Z, binary, ours, shown


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
    found = {}
    for name, p in (("good", good), ("bad", bad)):
        dice = binary(losses.DiceLoss(), p)
        entropy = binary(losses.ComboLoss(alpha=1.0), p)
        found[f"printed_{name}"] = 0.1 * entropy - 0.9 * dice
        found[f"ours_{name}"] = binary(losses.ComboLoss(alpha=0.1), p)
    return found


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
