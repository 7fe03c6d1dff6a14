"""Formulas of kornia beside what the table says of them."""

import numpy as np
from scipy.ndimage import convolve

import paddleseg_losses as losses
from tests.other_libraries import (
    BINARY,
    OBJECT,
    P_TRUE,
    SIGMOID,
    G,
    P,
    S,
    Y,
    check,
    focal,
    lovasz,
    overlap,
    stated,
)  # fmt: skip

SPACE = (2, 3)
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) / 5


def test_dice_of_kornia():
    tp, fp, fn = overlap(P, G, (1, 2, 3))
    check(stated("kornia", "DiceLoss"), (1 - 2 * tp / (2 * tp + fp + fn)).mean())
    tp, fp, fn = overlap(P, G, SPACE)
    check(losses.DiceLoss(smooth=0), (1 - 2 * tp / (2 * tp + fp + fn)).mean())


def test_tversky_of_kornia():
    right = P_TRUE.sum(axis=(1, 2))
    wrong = P_TRUE[0].size - right
    check(stated("kornia", "TverskyLoss"), (1 - right / (right + (0.2 + 0.8) * wrong)).mean())


def test_focal_of_kornia():
    alpha = np.array([0.75, 0.25, 0.25])[:, None, None]
    check(stated("kornia", "FocalLoss"), 3 * (alpha * (1 - P) ** 2 * -np.log(P) * G).mean())


def test_binary_focal_of_kornia():
    alpha = 0.25 * G + 0.75 * (1 - G)
    check(stated("kornia", "BinaryFocalLossWithLogits"), (alpha * focal(S, G)).mean(), y=G)
    positive, negative = OBJECT * focal(SIGMOID, OBJECT), (1 - OBJECT) * focal(SIGMOID, OBJECT)
    # pos_weight = 3 without alpha is four times alpha = 3/4.
    check(losses.FocalLoss(alpha=0.75), (3 * positive + negative).mean() / 4, z=BINARY, y=OBJECT)


def eroded(error):
    total = np.zeros_like(error)
    for k in range(10):
        error = np.maximum(convolve(error, CROSS, mode="constant") - 0.5, 0)
        if error.max() > error.min():
            error = (error - error.min()) / (error.max() - error.min())
        total += error * (k + 1) ** 2
    return total


def test_hausdorff_of_kornia():
    maps = [eroded((p - g) ** 2) for p, g in zip(P.reshape(-1, *Y.shape[1:]), G.reshape(-1, *Y.shape[1:]))]
    assert np.max(maps) > 0
    check(stated("kornia", "HausdorffERLoss"), np.mean(maps), z=P, rel=1e-6)
    assert losses.HausdorffERLoss(erosions=3).erosions == 3


def test_lovasz_hinge_of_kornia():
    margins = np.maximum(1 - BINARY[:, 0] * (2 * OBJECT - 1), 0)
    expected = np.mean([lovasz(m.ravel(), g.ravel()) for m, g in zip(margins, OBJECT)])
    check(stated("kornia", "LovaszHingeLoss"), expected, z=BINARY, y=OBJECT)
