"""The numbers of docs/differences.md: each formula as it is printed elsewhere, in plain NumPy, beside our loss.

A test returns the numbers of its entry, and `shown` compares them with the page, so neither can drift.
"""

import functools
import inspect
import sys

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddleseg_losses as losses
from docs.builder.advice import numbered

RNG = np.random.default_rng(7)
Z = RNG.normal(size=(2, 3, 7, 5)) * 2  # logits of three classes
Y = RNG.choice(3, size=(2, 7, 5), p=(0.7, 0.2, 0.1))
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
G = np.stack([c == Y for c in range(3)], axis=1).astype(float)
P_TRUE = (P * G).sum(axis=1)
SPACE = (2, 3)
TP, FP, FN = (x.sum(axis=SPACE) for x in (P * G, P * (1 - G), (1 - P) * G))
SIGMOID = 1 / (1 + np.exp(-Z[:, 0]))  # of one channel, whose object is Y == 1
OBJECT = (Y == 1).astype(float)


def shown(test):
    """Compare what a test returns with the numbers on the page, to the last digit shown there."""

    @functools.wraps(test)
    def run():
        page, found = numbered()[test.__name__], test()
        assert page.keys() == found.keys()
        for name, text in page.items():
            digits = len(str(text).partition(".")[2])
            assert f"{round(found[name], digits) + 0.0:.{digits}f}" == str(text), name

    return run


def ours(loss, z=Z, y=Y):
    return float(loss(paddle.to_tensor(z), paddle.to_tensor(y.astype("int64"))))


def binary(loss, p=None, g=OBJECT):
    """Our loss of one channel; probabilities are turned into logits."""
    z = Z[:, 0] if p is None else np.log(p) - np.log1p(-p)
    return ours(loss, z[:, None], g)


def test_every_number_on_the_page_has_its_test():
    here = {name for name, _ in inspect.getmembers(sys.modules[__name__], inspect.isfunction) if name[:5] == "test_"}
    assert set(numbered()) == here - {"test_every_number_on_the_page_has_its_test"}


@shown
def test_weighted_cross_entropy_divides_by_the_weights():
    w = np.array([1.0, 2.0, 5.0])
    value = ours(losses.CrossEntropyLoss(weight=[1, 2, 5]))
    every = -w[Y] * np.log(P_TRUE)
    assert value == pytest.approx(every.sum() / w[Y].sum())
    return {"printed": every.mean(), "ours": value}


@shown
def test_focal_with_classes_is_divided_by_the_classes_once_more():
    value = ours(losses.FocalLoss())
    each = -G * (1 - P) ** 2 * np.log(P)
    assert value == pytest.approx(each.sum(axis=1).mean())
    return {"elsewhere": each.mean(), "ours": value}


@shown
def test_sigmoid_focal_of_paddle_sums():
    z, g = paddle.to_tensor(Z[:, 0]), paddle.to_tensor(OBJECT)
    mean = float(F.sigmoid_focal_loss(z, g, reduction="mean"))
    assert binary(losses.FocalLoss(alpha=0.25)) == pytest.approx(mean)
    return {"paddle": float(F.sigmoid_focal_loss(z, g)), "ours": mean}


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


@shown
def test_one_sided_hausdorff_distance_misses_an_error():
    truth, guess = np.zeros((24, 32), bool), np.zeros((24, 32), bool)
    truth[8:13, 8:13] = guess[8:13, 8:13] = guess[20, 28] = True

    def from_to(a, b):
        there = np.argwhere(b)
        return max(np.sqrt(((there - point) ** 2).sum(axis=1).min()) for point in np.argwhere(a))

    return {"one_sided": from_to(truth, guess), "two_sided": max(from_to(truth, guess), from_to(guess, truth))}


@shown
def test_far_pixel_under_maps_of_the_inside_alone():
    truth = np.zeros((32, 30))
    truth[8:13, 8:13] = 1
    guess = truth.copy()
    guess[26, 25] = 1
    inside = 1.0  # of one pixel alone: its distance to what is not in the mask
    z = np.where(guess == 1, 60.0, -60.0)
    price = ours(losses.HausdorffDTLoss(one_sided=True), z[None, None], truth[None]) * truth.size
    assert price == pytest.approx((26 - 12) ** 2 + (25 - 12) ** 2, rel=1e-6)
    return {"inside": inside**2, "ours": price}


@shown
def test_erosion_taken_literally_ends_after_one_step():
    error = np.zeros((15, 15))
    error[3:12, 3:12] = 1

    def eroded(e):
        padded = np.pad(e, 1)
        cross = [e, padded[2:, 1:-1], padded[:-2, 1:-1], padded[1:-1, 2:], padded[1:-1, :-2]]
        return np.maximum(sum(cross) / 5 - 0.5, 0)

    first = eroded(error)
    z = np.where(error == 1, 60.0, -60.0)
    two, three = (
        ours(losses.HausdorffERLoss(erosions=k, alpha=0), z[None, None], np.zeros((1, 15, 15))) for k in (2, 3)
    )
    return {"first": first.max(), "second": eroded(first).max(), "third": (three - two) * error.size}


@shown
def test_shape_aware_with_the_sign_twice():
    g = OBJECT
    found = {}
    for name, p in (("good", np.where(g == 1, 0.95, 0.05)), ("bad", np.where(np.roll(g, 1, axis=2) == 1, 0.95, 0.05))):
        value = binary(losses.ShapeAwareLoss(), p)
        assert value >= binary(losses.BinaryCrossEntropyLoss(), p) - 1e-12
        found[f"ours_{name}"], found[f"printed_{name}"] = value, -value
    return found


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
