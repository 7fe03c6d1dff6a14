"""Metrics beside brute force."""

import itertools
import json
import math

import numpy as np
import pytest

from paddleseg_losses.scoring import (
    boundary_scores,
    collapsed,
    foreground_means,
    pooled,
    ratios,
    score_channels,
    score_image,
    skeleton_score,
)
from tests.unit import monai_distances


def _slow(a, b, spacing):
    """Both scores from all pairs of boundary pixels."""

    def boundary(mask):
        padded = np.pad(mask, 1)
        steps = [np.roll(padded, s, axis) for axis in range(mask.ndim) for s in (1, -1)]
        inner = np.logical_and.reduce(steps)[tuple(slice(1, -1) for _ in mask.shape)]
        return np.argwhere(mask & ~inner) * np.array(spacing)

    x, y = boundary(a), boundary(b)
    apart = np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1))
    there, back = apart.min(1), apart.min(0)
    near = (there <= 1).sum() + (back <= 1).sum()
    return max(np.percentile(there, 95), np.percentile(back, 95)), near / (len(there) + len(back))


@pytest.mark.parametrize(("shape", "spacing"), [((9, 12), (1, 1)), ((9, 12), (0.5, 2)), ((5, 6, 7), (1, 1, 3))])
def test_distances_between_boundaries(shape, spacing):
    rng = np.random.default_rng(len(shape))
    for share in (0.05, 0.4, 0.9):
        a, b = rng.random((2, *shape)) < share
        assert boundary_scores(a, b, spacing) == pytest.approx(_slow(a, b, spacing), abs=1e-12)


def test_monai_says_the_same():
    """Values of MONAI's `compute_hausdorff_distance` and `compute_surface_dice`, which computes in float32."""
    stored = json.loads(monai_distances.FILE.read_text(encoding="utf-8"))
    for (guessed, true), expected in itertools.zip_longest(monai_distances.pairs(), stored["rows"]):
        actual = boundary_scores(guessed, true, monai_distances.SPACINGS[true.ndim])
        assert actual == pytest.approx(expected, abs=1e-5)


def test_a_class_on_one_side_costs_the_diagonal_and_one_on_neither_is_left_out():
    empty, full = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    assert boundary_scores(full, empty, (1, 2)) == (math.hypot(3, 8), 0)
    assert all(math.isnan(score) for score in boundary_scores(empty, empty, (1, 1)))


def test_ignored_pixels_do_not_count():
    truth = np.array([[0, 1, 255], [1, 1, 255]])
    for rest in itertools.product(range(2), repeat=2):
        prediction = np.array([[0, 1, rest[0]], [0, 1, rest[1]]])
        scores = score_image(prediction, truth, 2)
        assert [scores[name][1] for name in ("tp", "fp", "fn", "tn")] == [2, 0, 1, 1]


def test_ratios():
    counts = {
        "tp": [[1, 4]],
        "fp": [[0, 1]],
        "fn": [[3, 2]],
        "tn": [[4, 1]],
        "hd95": [[0, 2.0]],
        "surface_dice": [[1, 0.5]],
    }
    scores = {name: float(values[0, 1]) for name, values in ratios(counts).items()}
    assert scores == {
        "dice": 8 / 11,
        "iou": 4 / 7,
        "sensitivity": 4 / 6,
        "specificity": 1 / 2,
        "hd95": 2,
        "surface_dice": 0.5,
    }


def test_means_leave_the_background_and_absent_classes_out():
    blank = np.full((2, 3), np.nan)
    counts = {"tp": np.array([[9, 1, 0], [9, 0, 0]]), "fp": np.array([[0, 0, 0], [0, 1, 0]]), "hd95": blank,
              "fn": np.array([[0, 1, 0], [0, 0, 0]]), "tn": np.ones((2, 3)), "surface_dice": blank}  # fmt: skip
    means = foreground_means(counts)
    assert means["dice"] == pytest.approx(
        (2 / 3 + 0) / 2
    )  # class 2 is nowhere; class 1 has a false alarm in the second
    assert math.isnan(means["hd95"])


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "given_up"),
    [
        ([90, 0], [10, 0], [0, 10], True),  # the background alone
        ([0, 10], [0, 90], [90, 0], True),  # the object alone
        ([50, 1], [99, 900], [900, 99], True),  # no better than chance
        ([85, 5], [5, 5], [5, 5], False),
    ],
)
def test_a_model_that_has_given_up(tp, fp, fn, given_up):
    assert collapsed({"tp": [tp], "fp": [fp], "fn": [fn]}) is given_up


def test_skeletons():
    """A line of 9 pixels of which 6 are found, and nothing else; and a thick line around it, which holds all of it."""
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    line, part, thick = (np.zeros((7, 15), bool) for _ in range(3))
    line[3, 3:12], part[3, 3:9], thick[2:5, 2:13] = True, True, True
    assert skeleton_score(part, line) == pytest.approx(2 * 1 * (6 / 9) / (1 + 6 / 9))
    assert skeleton_score(line, line) == 1
    assert skeleton_score(thick, line) == skeleton_score(line, thick) > 0.8  # their Dice is 0.43
    assert skeleton_score(part, part & False) == 0
    assert math.isnan(skeleton_score(part & False, part & False))


def test_a_skeleton_does_not_depend_on_what_is_far_away():
    skimage = pytest.importorskip("skimage.morphology", reason="scikit-image is not installed")
    rng = np.random.default_rng(1)
    guess, truth = np.zeros((2, 40, 50), bool)
    guess[10:30, 5:45], truth[8:33, 9:50] = rng.random((20, 40)) < 0.8, rng.random((25, 41)) < 0.8
    precision, sensitivity = (b[skimage.skeletonize(a)].mean() for a, b in ((guess, truth), (truth, guess)))
    assert skeleton_score(guess, truth) == pytest.approx(2 * precision * sensitivity / (precision + sensitivity))


def test_channels_are_classes_of_their_own():
    truth = np.array([[[1, 1, 0, 255]], [[0, 1, 0, 255]]])
    guess = np.array([[[1, 0, 0, 1]], [[0, 1, 1, 1]]])
    scores = score_channels(guess, truth)
    assert [scores[name].tolist() for name in ("tp", "fp", "fn", "tn")] == [[1, 1], [0, 1], [1, 0], [1, 1]]


def test_pooling_adds_the_pixels_of_all_images():
    counts = {"tp": [[1], [3]], "fp": [[0], [2]], "fn": [[1], [0]], "tn": [[2], [0]]}
    assert {name: float(values[0]) for name, values in pooled(counts).items()} == {
        "dice": 8 / 11, "iou": 4 / 7, "sensitivity": 4 / 5, "specificity": 1 / 2
    }  # fmt: skip
