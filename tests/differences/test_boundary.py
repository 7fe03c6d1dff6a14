"""Formulas of the boundary chapter that are wrong elsewhere."""

import numpy as np
import pytest

import paddleseg_losses as losses

from . import OBJECT, binary, ours, shown


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
    numbers = {}
    for name, p in (("good", np.where(g == 1, 0.95, 0.05)), ("bad", np.where(np.roll(g, 1, axis=2) == 1, 0.95, 0.05))):
        value = binary(losses.ShapeAwareLoss(), p)
        assert value >= binary(losses.BinaryCrossEntropyLoss(), p) - 1e-12
        numbers[f"ours_{name}"], numbers[f"printed_{name}"] = value, -value
    return numbers
