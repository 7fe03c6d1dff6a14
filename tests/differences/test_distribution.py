"""Formulas of the distribution chapter that are wrong elsewhere."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import paddleseg_losses as losses

from . import OBJECT, P_TRUE, SIGMOID, G, P, Y, Z, binary, ours, shown


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
def test_cross_entropy_is_a_mean():
    g = OBJECT
    each = -g * np.log(SIGMOID) - (1 - g) * np.log(1 - SIGMOID)
    return {"printed": each.sum(), "ours": binary(losses.BinaryCrossEntropyLoss())}


@shown
def test_top_k_of_the_authors_is_a_threshold():
    cost = np.sort(-np.log(P_TRUE), axis=None)[::-1]
    threshold, least = 0.6, 10  # keep at least so many pixels
    kept = cost[: max(least, int((cost >= -np.log(threshold)).sum()))]
    hardest = cost[: len(cost) // 10]
    value = ours(losses.TopKCrossEntropyLoss(k=10))
    assert value == pytest.approx(hardest.mean())
    return {"authors": kept.mean(), "kept": len(kept), "pixels": len(cost), "ours": value, "hardest": len(hardest)}


@shown
def test_neighbours_outside_the_image_are_background_to_the_authors_of_nacl():
    def shares(outside):
        """The share of each class in a window of 3 x 3, with a class or none (0) outside the image."""
        windows = [np.pad(g, ((1, 1), (1, 1)), constant_values=o) for g, o in zip(np.concatenate(G), outside * len(G))]
        return np.stack([sliding_window_view(w, (3, 3)).mean(axis=(2, 3)) for w in windows])

    entropy = -np.log(P_TRUE).mean()
    authors, none = (entropy + 0.1 * np.abs(shares(o) - np.concatenate(Z)).mean() for o in ([1, 0, 0], [0, 0, 0]))
    value = ours(losses.NACLLoss())
    assert value == pytest.approx(none)
    return {"authors": authors, "ours": value}
