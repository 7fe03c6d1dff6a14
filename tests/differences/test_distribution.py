"""Formulas of the distribution chapter that are wrong elsewhere."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

import paddleseg_losses as losses

from . import OBJECT, P_TRUE, G, P, Y, Z, binary, ours, shown


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
