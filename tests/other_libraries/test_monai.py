"""Formulas of MONAI beside what the table says of them."""

import numpy as np
import paddle
import pytest
from scipy.ndimage import distance_transform_edt, uniform_filter

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
    value,
)  # fmt: skip
from tests.reference.wrappers import shrunk

SPACE = (2, 3)
TP, FP, FN = overlap(P, G, SPACE)
PAIR = np.stack([1 - SIGMOID, SIGMOID], axis=1)  # two classes that exclude each other
OF_PAIR = np.stack([1 - OBJECT, OBJECT], axis=1)


def dice(p=P, g=G, axes=SPACE, nr=1e-5, dr=1e-5):
    tp, fp, fn = overlap(p, g, axes)
    return 1 - (2 * tp + nr) / (2 * tp + fp + fn + dr)


def test_dice_of_monai():
    check(stated("monai", "DiceLoss"), dice().mean())
    check(losses.DiceLoss(smooth=0.3, batch=True), dice(axes=(0, 2, 3), nr=0.3, dr=0.3).mean())
    check(losses.DiceLoss(smooth=1e-5, weight=[1, 2, 5]), (dice() * [1, 2, 5]).mean())
    check(losses.DiceLoss(smooth=1e-5, include_background=False), dice()[:, 1:].mean())
    squares = (P**2).sum(axis=SPACE) + G.sum(axis=SPACE)
    check(losses.DiceLoss(smooth=1e-5, squared_pred=True), (1 - (2 * TP + 1e-5) / (squares + 1e-5)).mean())
    check(losses.DiceLoss(smooth=1e-5, mode="multilabel"), dice(S).mean(), y=G)
    check(losses.DiceLoss(smooth=1e-5, from_logits=False), dice().mean(), z=P)


def test_jaccard_of_monai():
    check(losses.JaccardLoss(smooth=0.1 / 2), (1 - (2 * TP + 0.1) / (2 * (TP + FP + FN) + 0.1)).mean())


def test_soft_labels_of_monai():
    soft = np.roll(P, 1, axis=0)
    tp = (P + soft - abs(P - soft)).sum(axis=SPACE) / 2
    total = (P + soft).sum(axis=SPACE)
    check(losses.DiceLoss(smooth=1e-5, mode="multiclass"), (1 - (2 * tp + 1e-5) / (total + 1e-5)).mean(), y=soft)
    tversky = (tp + 1e-5) / (0.5 * total + 1e-5)
    check(losses.TverskyLoss(alpha=0.5, beta=0.5, smooth=1e-5, mode="multiclass"), (1 - tversky).mean(), y=soft)
    w = 1 / soft.sum(axis=SPACE) ** 2
    check(
        losses.GeneralizedDiceLoss(mode="multiclass", smooth=0),
        (1 - 2 * (w * tp).sum(1) / (w * total).sum(1)).mean(),
        y=soft,
    )


def test_generalized_dice_of_monai():
    w = 1 / G.sum(axis=SPACE) ** 2
    check(stated("monai", "GeneralizedDiceLoss"), (1 - 2 * (w * TP).sum(1) / (w * (2 * TP + FP + FN)).sum(1)).mean())


def test_wasserstein_dice_of_monai():
    matrix = np.array([[0, 1, 1], [1, 0, 0.5], [1, 0.5, 0]])
    distance = np.einsum("nhwc,nchw->nhw", matrix[Y], P)
    tp = (1 - distance)[:, None] * (Y != 0)[:, None]
    tp = tp.sum(axis=(1, 2, 3))
    score = (2 * tp + 1e-5) / (2 * tp + distance.sum(axis=(1, 2)) + 1e-5)
    check(stated("monai", "GeneralizedWassersteinDiceLoss"), (1 - score).mean())


def test_dice_ce_of_monai():
    loss = stated("monai", "DiceCELoss")
    check(loss, dice().mean() - np.log(P_TRUE).mean())
    check(loss, dice(SIGMOID, OBJECT, axes=(1, 2)).mean() + nll(SIGMOID, OBJECT).mean(), z=BINARY, y=OBJECT)


def test_weights_and_label_smoothing_of_monai():
    weight = [0.5, 2.0, 1.25]
    entropy = (np.array(weight)[Y] * -np.log(P_TRUE)).sum() / np.array(weight)[Y].sum()
    check(losses.DiceCELoss(smooth=1e-5, weight=weight), (dice() * weight).mean() + entropy)
    smoothed = 0.9 * -np.log(P_TRUE).mean() + 0.1 / 3 * -np.log(P).sum(axis=1).mean()
    check(losses.DiceCELoss(smooth=1e-5, label_smoothing=0.1), dice().mean() + smoothed)


def test_dice_focal_of_monai():
    loss = stated("monai", "DiceFocalLoss")
    check(loss, dice(SIGMOID, OBJECT, axes=(1, 2)).mean() + focal(SIGMOID, OBJECT).mean(), z=BINARY, y=OBJECT)
    check(losses.DiceFocalLoss(smooth=1e-5, mode="multilabel"), dice(S).mean() + focal(S, G).mean(), y=G)
    check(loss, dice().mean() + 3 * softmax_focal().mean())


def softmax_focal(alpha=None, weight=1.0):
    """MONAI's map over pixels and classes."""
    factor = 1.0 if alpha is None else np.array([1 - alpha, alpha, alpha])[:, None, None]
    return np.reshape(weight, (-1, 1, 1)) * factor * (1 - P) ** 2 * -np.log(P) * G


def test_focal_of_monai():
    check(stated("monai", "FocalLoss"), focal(S, G).mean(), y=G)
    check(losses.FocalLoss(), 3 * softmax_focal().mean())
    check(losses.FocalLoss(alpha=[0.75, 0.25, 0.25]), 3 * softmax_focal(alpha=0.25).mean())
    check(losses.FocalLoss(alpha=[0.2, 0.5, 1]), 3 * softmax_focal(weight=[0.2, 0.5, 1]).mean())
    check(losses.FocalLoss(mode="multilabel"), focal(S, G)[:, 1:].mean(), z=Z[:, 1:], y=G[:, 1:])
    check(losses.FocalLoss(alpha=0.3), (focal(SIGMOID, OBJECT) * (0.3 * OBJECT + 0.7 * (1 - OBJECT))).mean(), z=BINARY,
          y=OBJECT)  # fmt: skip


def test_tversky_of_monai():
    check(stated("monai", "TverskyLoss"), (1 - (TP + 1e-5) / (TP + 0.5 * FP + 0.5 * FN + 1e-5)).mean())
    check(losses.TverskyLoss(alpha=0.2, beta=0.9, smooth=1e-5),
          (1 - (TP + 1e-5) / (TP + 0.2 * FP + 0.9 * FN + 1e-5)).mean())  # fmt: skip


def field(mask):
    return distance_transform_edt(mask) + distance_transform_edt(~mask) if mask.any() and not mask.all() else 0.0


def test_hausdorff_of_monai():
    maps = [
        (P[n, c] - G[n, c]) ** 2 * (field(P[n, c] > 0.5) ** 2 + field(G[n, c] > 0.5) ** 2)
        for n in range(2)
        for c in (1, 2)
    ]
    check(stated("monai", "HausdorffDTLoss"), np.mean(maps), rel=1e-6)


def test_boundary_of_monai():
    outside, inside = (
        np.array([[distance_transform_edt(mask == side) for mask in sample] for sample in G]) for side in (0, 1)
    )
    check(stated("monai", "BoundaryLoss"), (P * (outside - np.maximum(inside - 1, 0))).mean(), rel=1e-6)


def test_mcc_of_monai():
    tn = P[0, 0].size - TP - FP - FN
    mcc = (TP * tn - FP * FN) / np.sqrt((TP + FP) * (TP + FN) * (tn + FP) * (tn + FN) + 1e-7)
    check(stated("monai", "MCCLoss"), (1 - mcc).mean())


def test_nacl_of_monai():
    around = np.stack([[uniform_filter(g, size=3, mode="constant") for g in sample] for sample in G])
    check(stated("monai", "NACLLoss"), -np.log(P_TRUE).mean() + 0.1 * abs(around - Z).mean())


def asymmetric_focal(delta, gamma):
    background = (1 - delta) * (1 - PAIR[:, 0]) ** gamma * -np.log(PAIR[:, 0]) * OF_PAIR[:, 0]
    return (background + delta * -np.log(PAIR[:, 1]) * OF_PAIR[:, 1]).mean()


def asymmetric_tversky(delta, gamma):
    tp, fp, fn = overlap(PAIR, OF_PAIR, SPACE)
    error = 1 - (tp + 1e-7) / (tp + delta * fn + (1 - delta) * fp + 1e-7)
    return (np.stack([error[:, 0], error[:, 1] ** (1 - gamma)]) / 2).sum(axis=0).mean()


def test_asymmetric_focal_of_monai():
    check(stated("monai", "AsymmetricFocalLoss"), asymmetric_focal(0.7, 2), z=PAIR, y=OBJECT)


def test_asymmetric_focal_tversky_of_monai():
    check(stated("monai", "AsymmetricFocalTverskyLoss"), asymmetric_tversky(0.7, 0.75), z=PAIR, y=OBJECT, rel=1e-6)


def test_asymmetric_unified_focal_of_monai():
    expected = 0.5 * asymmetric_focal(0.7, 0.5) + 0.5 * asymmetric_tversky(0.7, 0.5)
    check(stated("monai", "AsymmetricUnifiedFocalLoss"), expected, z=PAIR, y=OBJECT, rel=1e-6)


def test_a_mask_is_an_ignored_label():
    """MONAI's MaskedDiceLoss, had it masked the probabilities."""
    mask = np.ones(Y.shape)
    mask[:, :2] = 0
    tp, fp, fn = overlap(P * mask[:, None], G * mask[:, None], SPACE)
    check(stated("monai", "MaskedDiceLoss"), (1 - (2 * tp + 1e-5) / (2 * tp + fp + fn + 1e-5)).mean(),
          y=np.where(mask, Y, 255))  # fmt: skip


def test_deep_supervision_of_monai():
    """Outputs of half and of a quarter of the size count half and a quarter; labels are those of the nearest pixels."""
    loss, inner = stated("monai", "DeepSupervisionLoss"), stated("monai", "DiceCELoss")
    outputs = [Z, Z[..., 1::2], Z[..., ::3]]
    values = [value(inner, z, shrunk(Y, z.shape[2:])) for z in outputs]
    actual = loss([paddle.to_tensor(z) for z in outputs], paddle.to_tensor(Y))
    assert float(actual) == pytest.approx(np.dot([1, 0.5, 0.25], values), rel=1e-9)
