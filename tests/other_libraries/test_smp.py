"""Formulas of segmentation_models.pytorch beside what the table says of them."""

import numpy as np
import pytest

import paddleseg_losses as losses
from paddleseg_losses import errors
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
    nll,
    overlap,
    stated,
    value,
)  # fmt: skip

BATCH = (0, 2, 3)
WEIGHTS = np.array([1.0, 2.0, 5.0])


def tversky(alpha, beta, smooth=0.0, p=P, g=G):
    """1 - the score of each class over the batch."""
    tp, fp, fn = overlap(p, g, BATCH)
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


def test_dice_of_smp():
    check(stated("smp", "DiceLoss"), tversky(0.5, 0.5).mean())
    check(losses.DiceLoss(smooth=2 * 0.7, batch=True), tversky(0.5, 0.5, smooth=0.7).mean())
    check(losses.DiceLoss(smooth=0, batch=True, classes=[1, 2]), tversky(0.5, 0.5)[1:].mean())
    check(losses.DiceLoss(smooth=0, batch=True, mode="multilabel"), tversky(0.5, 0.5, p=S).mean(), y=G)


def test_jaccard_and_tversky_of_smp():
    check(stated("smp", "JaccardLoss"), tversky(1, 1).mean())
    check(losses.JaccardLoss(smooth=0.7, batch=True), tversky(1, 1, smooth=0.7).mean())
    check(stated("smp", "TverskyLoss"), tversky(0.5, 0.5).mean())
    check(losses.TverskyLoss(alpha=0.2, beta=0.9, smooth=0.7, batch=True), tversky(0.2, 0.9, smooth=0.7).mean())
    powered = losses.FocalTverskyLoss(alpha=0.2, beta=0.9, gamma=1.5, smooth=0, batch=True)
    check(powered, tversky(0.2, 0.9, p=S[:, :1], g=OBJECT[:, None]).mean() ** 1.5, z=BINARY, y=OBJECT)
    check(powered, (tversky(0.2, 0.9) ** 1.5).mean())


def test_class_weights_of_smp():
    weight = list(WEIGHTS / WEIGHTS.mean())
    check(losses.DiceLoss(smooth=0, batch=True, weight=weight), (tversky(0.5, 0.5) * WEIGHTS).sum() / WEIGHTS.sum())
    by_class = focal(S, G).mean(axis=BATCH)
    check(losses.FocalLoss(mode="multilabel", weight=weight), (by_class * WEIGHTS).sum() / WEIGHTS.sum(), y=G)


def test_log_loss_of_smp():
    loss = losses.ExpLogLoss(w_dice=1, w_cross=0, gamma_dice=1, batch=True, smooth=1e-9)
    check(loss, -np.log(1 - tversky(0.5, 0.5)).mean(), rel=1e-6)


def test_focal_of_smp():
    check(stated("smp", "FocalLoss"), focal(S, G).mean(), y=G)
    check(losses.FocalLoss(), focal(SIGMOID, OBJECT).mean(), z=BINARY, y=OBJECT)


def test_lovasz_of_smp():
    by_class = [lovasz(abs(G - P)[:, c].ravel(), G[:, c].ravel()) for c in range(3)]
    check(stated("smp", "LovaszLoss"), np.mean(by_class))
    margins = np.maximum(1 - BINARY[:, 0] * (2 * OBJECT - 1), 0)
    check(losses.LovaszHingeLoss(), lovasz(margins.ravel(), OBJECT.ravel()), z=BINARY, y=OBJECT)


def test_soft_bce_of_smp():
    check(stated("smp", "SoftBCEWithLogitsLoss"), nll(SIGMOID, OBJECT).mean(), z=BINARY, y=OBJECT)
    smoothed = 0.05 * (1 - OBJECT) + 0.95 * OBJECT
    check(losses.BinaryCrossEntropyLoss(label_smoothing=2 * 0.05), nll(SIGMOID, smoothed).mean(), z=BINARY, y=OBJECT)


def test_soft_cross_entropy_of_smp():
    expected = 0.9 * -np.log(P_TRUE).mean() + 0.1 / 3 * -np.log(P).sum(axis=1).mean()
    check(stated("smp", "SoftCrossEntropyLoss"), expected)


def test_mcc_of_smp():
    p, g = SIGMOID, OBJECT
    tp, tn, fp, fn = (x.sum() + 1e-5 for x in (p * g, (1 - p) * (1 - g), p * (1 - g), (1 - p) * g))
    expected = 1 - (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    check(stated("smp", "MCCLoss"), expected, z=SIGMOID[:, None], y=OBJECT, rel=1e-4)


def test_nothing_is_ignored():
    loss = losses.CrossEntropyLoss(ignore_index=None)
    check(loss, -np.log(P_TRUE).mean())
    with pytest.raises(errors.LabelError, match="hold 255"):
        value(loss, y=np.where(Y == 2, 255, Y))
