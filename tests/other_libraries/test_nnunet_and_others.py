"""Formulas of nnU-Net, mmsegmentation, PaddleSeg and Paddle beside what the table says of them."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

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
    Z,
    check,
    focal,
    nll,
    overlap,
    stated,
)  # fmt: skip

SPACE, BATCH = (2, 3), (0, 2, 3)
IGNORED = np.where(np.arange(Y.shape[1])[:, None] < 2, 255, Y)
VALID = IGNORED != 255


def negative_dice(p=P, axes=BATCH, start=1, smooth=1e-5):
    tp, fp, fn = overlap(p, G, axes)
    return -((2 * tp + smooth) / (2 * tp + fp + fn + smooth))[..., start:].mean()


def hardest(per_cent):
    entropy = np.sort(-np.log(P_TRUE).ravel())[::-1]
    return entropy[: int(entropy.size * per_cent / 100)].mean()


def test_dice_of_nnunet():
    for name in ("SoftDiceLoss", "MemoryEfficientSoftDiceLoss"):
        check(stated("nnunet", name), negative_dice() + 1)
    check(losses.DiceLoss(smooth=1.0), negative_dice(axes=SPACE, start=0, smooth=1.0) + 1)


def test_top_k_of_nnunet():
    check(stated("nnunet", "TopKLoss"), hardest(10))


def test_dice_ce_of_nnunet():
    check(stated("nnunet", "DC_and_CE_loss"), negative_dice() + 1 - np.log(P_TRUE).mean())
    check(stated("paddleseg", "DC_and_CE_loss"), negative_dice() + 1 - np.log(P_TRUE).mean())
    check(stated("nnunet", "DC_and_BCE_loss"), negative_dice(S, start=0) + 1 + nll(S, G).mean(), y=G)
    weighted = losses.DiceCELoss(include_background=False, smooth=1e-5, batch=True, lambda_ce=0.4, lambda_dice=2)
    check(weighted, 2 * (negative_dice() + 1) - 0.4 * np.log(P_TRUE).mean())


def test_dice_top_k_of_nnunet():
    check(stated("nnunet", "DC_and_topk_loss"), negative_dice() + 1 + hardest(10))


def test_cross_entropy_of_mmsegmentation():
    check(stated("mmsegmentation", "CrossEntropyLoss"), -np.log(P_TRUE)[VALID].mean(), y=IGNORED)
    weight = np.array([1.0, 2.0, 5.0])
    theirs = (weight[Y] * -np.log(P_TRUE)).mean()
    check(losses.CrossEntropyLoss(weight=list(weight)), theirs / weight[Y].mean())
    check(losses.BinaryCrossEntropyLoss(), nll(SIGMOID, OBJECT).mean(), z=BINARY, y=OBJECT)
    check(losses.BinaryCrossEntropyLoss(), nll(S, G).mean(), y=G)


def test_dice_of_mmsegmentation():
    tp, fp, fn = overlap(P, G, (1, 2, 3))
    check(stated("mmsegmentation", "DiceLoss"), (1 - (2 * tp + 1e-3) / (2 * tp + fp + fn + 1e-3)).mean())
    # One channel, where pooling the classes changes nothing: with squares by default.
    p, g = SIGMOID, OBJECT
    tp, fp, fn = overlap(p, g, (1, 2))
    squares = (p**2 + g**2).sum(axis=(1, 2))
    check(losses.DiceLoss(smooth=1e-3), (1 - (2 * tp + 1e-3) / (2 * tp + fp + fn + 1e-3)).mean(), z=BINARY, y=OBJECT)
    theirs = (1 - 2 * tp / (squares + 2e-3)).mean()
    check(losses.DiceLoss(smooth=1e-3, squared_pred=True), theirs, z=BINARY, y=OBJECT, rel=1e-2)
    # 0.x: a Dice with squares for each class.
    tp = (P * G).sum(axis=SPACE)
    old = 1 - (2 * tp + 1) / ((P**2).sum(axis=SPACE) + G.sum(axis=SPACE) + 1)
    check(losses.DiceLoss(squared_pred=True), old.mean())


def test_focal_of_mmsegmentation():
    check(stated("mmsegmentation", "FocalLoss"), 0.5 * focal(S, G).mean(), y=G)


def test_tversky_of_mmsegmentation():
    tp, fp, fn = overlap(P, G, SPACE)
    cells = 1 - (tp + 1) / (tp + 0.3 * fp + 0.7 * fn + 1)
    check(stated("mmsegmentation", "TverskyLoss"), cells.mean())
    check(losses.TverskyLoss(weight=[1, 2, 5]), (cells * [1, 2, 5]).mean())


def test_boundary_of_mmsegmentation():
    share = OBJECT.mean()
    weight = np.where(OBJECT == 1, 1 - share, share)
    check(stated("mmsegmentation", "BoundaryLoss"), (weight * nll(SIGMOID, OBJECT)).mean(), z=BINARY, y=OBJECT)


@pytest.fixture(scope="module")
def paddlesegs():
    return pytest.importorskip("paddleseg.models.losses", reason="PaddleSeg is not installed")


def theirs(loss, z=Z, y=Y):
    return float(loss(paddle.to_tensor(z.astype("float32")), paddle.to_tensor(y.astype("int64"))))


def test_same_value_as_paddleseg(paddlesegs):
    # PaddleSeg 2.8 lacks the one, and the other does not run on Paddle 3: their formulas alone.
    check(stated("paddleseg", "CrossEntropyLoss"), -np.log(P_TRUE)[VALID].mean(), y=IGNORED)
    multi_class_focal = ((1 - P_TRUE) ** 2 * -np.log(P_TRUE))[VALID].mean()
    check(stated("paddleseg", "MultiClassFocalLoss"), multi_class_focal, y=IGNORED)
    check(losses.WeightedSumLoss(losses=["FocalLoss"], coef=[0.25]), 0.25 * multi_class_focal, y=IGNORED)
    for name in ("DiceLoss", "LovaszSoftmaxLoss"):
        check(stated("paddleseg", name), theirs(getattr(paddlesegs, name)(), y=IGNORED.copy()), y=IGNORED, rel=1e-5)
    check(stated("paddleseg", "LovaszHingeLoss"), theirs(paddlesegs.LovaszHingeLoss(), BINARY, OBJECT), z=BINARY,
          y=OBJECT, rel=1e-5)  # fmt: skip
    both = np.stack([1 - OBJECT, OBJECT], axis=1)
    check(stated("paddleseg", "FocalLoss"), theirs(paddlesegs.FocalLoss(), Z[:, :2], OBJECT), z=Z[:, :2], y=both,
          rel=1e-5)  # fmt: skip


def test_bce_of_paddleseg(paddlesegs):
    check(stated("paddleseg", "BCELoss"), theirs(paddlesegs.BCELoss(), BINARY, OBJECT), z=BINARY, y=OBJECT, rel=1e-5)
    dynamic = theirs(paddlesegs.BCELoss(weight="dynamic"), BINARY, OBJECT)
    check(losses.BalancedCrossEntropyLoss(batch=True), dynamic / 2, z=BINARY, y=OBJECT, rel=1e-5)


def test_top_k_of_paddleseg(paddlesegs):
    check(losses.TopKCrossEntropyLoss(k=100 * 0.2), theirs(paddlesegs.CrossEntropyLoss(top_k_percent_pixels=0.2)),
          rel=1e-5)  # fmt: skip


def test_ohem_of_mmsegmentation():
    kept = P_TRUE < 0.3
    check(losses.TopKCrossEntropyLoss(threshold=0.3, min_kept=3), -np.log(P_TRUE[kept]).mean())
    check(losses.TopKCrossEntropyLoss(threshold=0.0, min_kept=3), -np.log(np.sort(P_TRUE.ravel())[:3]).mean())


def test_losses_of_paddle():
    z, y = paddle.to_tensor(Z), paddle.to_tensor(Y)
    check(stated("paddle", "CrossEntropyLoss"), F.cross_entropy(z, y, axis=1))
    check(losses.CrossEntropyLoss(from_logits=False), F.cross_entropy(z, y, axis=1), z=P)
    soft = np.roll(P, 1, axis=0)
    check(losses.CrossEntropyLoss(mode="multiclass"),
          F.cross_entropy(z, paddle.to_tensor(soft), axis=1, soft_label=True), y=soft)  # fmt: skip
    z, y = paddle.to_tensor(BINARY[:, 0]), paddle.to_tensor(OBJECT)
    check(stated("paddle", "BCEWithLogitsLoss"), F.binary_cross_entropy_with_logits(z, y), z=BINARY, y=OBJECT)
    check(stated("paddle", "sigmoid_focal_loss"), F.sigmoid_focal_loss(z, y, reduction="mean"), z=BINARY, y=OBJECT)
