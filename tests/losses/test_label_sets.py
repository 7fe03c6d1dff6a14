"""Labels that stand for several classes: what a loss may know of such a pixel, and what is refused."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, registry
from tests.laws.cases import value_and_gradient

from .any_loss import build

SETS = {250: [1, 2]}
WITH = [spec.name for spec in registry.specs() if spec.label_sets]
WITHOUT = [spec.name for spec in registry.specs() if not spec.label_sets]


def problem(classes=3, size=(2, 6, 5), seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(size[0], classes, *size[1:])).astype("float32")
    return logits, rng.integers(0, classes, size)


@pytest.mark.parametrize("name", WITH)
def test_a_set_of_one_class_is_the_class_and_of_all_is_ignored(name):
    logits, labels = problem()
    plain = labels.copy()
    plain[0, :2], plain[1, 3:] = 1, 255
    coded = plain.copy()
    coded[0, :2], coded[1, 3:] = 250, 251
    expected = value_and_gradient(build(name), logits, plain)
    actual = value_and_gradient(build(name, label_sets={250: [1], 251: [0, 1, 2]}), logits, coded)
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", WITH)
def test_moving_a_share_between_the_classes_of_a_set_changes_no_pixel(name):
    """A pixel that is 1 or 2 says nothing about which: only the sum of both shares has a slope from it."""
    logits, _ = problem(size=(1, 4, 4))
    labels = np.full((1, 4, 4), 250)
    gradient = value_and_gradient(build(name, label_sets=SETS), logits, labels)[1]
    share = np.exp(logits[:, 1:]) / np.exp(logits[:, 1:]).sum(axis=1, keepdims=True)
    # Along which the shares of 1 and 2 are exchanged at a constant sum: e_1 / s_1 - e_2 / s_2.
    slope = gradient[:, 1] / share[:, 0] - gradient[:, 2] / share[:, 1]
    np.testing.assert_allclose(slope, 0, atol=1e-5 * max(np.abs(gradient).max(), 1e-3))


def test_cross_entropy_is_that_of_merged_logits():
    logits, _ = problem()
    labels = np.random.default_rng(1).choice([0, 250], (2, 6, 5))
    merged = np.stack([logits[:, 0], np.log(np.exp(logits[:, 1]) + np.exp(logits[:, 2]))], axis=1)
    expected = pl.CrossEntropyLoss()(paddle.to_tensor(merged), paddle.to_tensor((labels == 250).astype("int64")))
    actual = pl.CrossEntropyLoss(label_sets=SETS)(paddle.to_tensor(logits), paddle.to_tensor(labels))
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 30.0, 1e4])
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "DiceLoss", "FocalLoss"])
def test_large_logits_keep_their_digits(name, scale):
    logits, labels = problem(4)
    labels[labels > 2] = 250
    loss = build(name, label_sets={250: [0, 3]})
    single, double = (
        value_and_gradient(loss, logits * np.float32(scale), labels),
        value_and_gradient(loss, (logits * np.float32(scale)).astype("float64"), labels),
    )
    np.testing.assert_allclose(single[0], double[0], rtol=1e-5)
    np.testing.assert_allclose(single[1], double[1], rtol=1e-4, atol=1e-6 * np.abs(double[1]).max() + 1e-30)


def test_a_label_that_is_neither_class_nor_set_is_named():
    logits, labels = problem()
    labels[0, 0, 0] = 7
    loss = pl.DiceLoss(label_sets=SETS)
    with pytest.raises(errors.LabelError, match="hold 7") as caught:
        loss(paddle.to_tensor(logits), paddle.to_tensor(labels))
    assert "0 to 2, 250 of label_sets, or ignore_index=255" in str(caught.value)
    unchecked = pl.DiceLoss(label_sets=SETS, checks="never")
    marked = pl.DiceLoss(label_sets=SETS)
    marked._calls = 10**9  # as after the first calls
    assert np.isfinite(float(unchecked(paddle.to_tensor(logits), paddle.to_tensor(labels))))
    assert np.isnan(float(marked(paddle.to_tensor(logits), paddle.to_tensor(labels))))


@pytest.mark.parametrize("name", WITHOUT)
def test_others_refuse_them_and_name_those_that_take_them(name):
    with pytest.raises(errors.OptionError, match="label_sets") as caught:
        build(name, label_sets=SETS)
    assert "CrossEntropyLoss" in str(caught.value.cure)


@pytest.mark.parametrize(
    ("sets", "message"),
    [({2: [0, 1]}, "give 2 another"), ({255: [0, 1]}, "give 255 another"), ({250: [0, 5]}, "hold class 5")],
)
def test_sets_that_contradict_the_problem(sets, message):
    logits, labels = problem()
    with pytest.raises(errors.InputError, match=message):
        pl.DiceLoss(label_sets=sets)(paddle.to_tensor(logits), paddle.to_tensor(labels))


def test_only_class_indices_of_competing_classes():
    logits, labels = problem()
    hot = np.eye(3)[labels].transpose(0, 3, 1, 2)
    for mode, given, message in (("multilabel", hot.astype("int64"), "multilabel"), ("multiclass", hot, "channel")):
        with pytest.raises(errors.InputError, match=message):
            pl.DiceLoss(label_sets=SETS, mode=mode)(paddle.to_tensor(logits), paddle.to_tensor(given))


def test_texts_of_labels_and_back():
    loss = pl.DiceLoss(label_sets={"250": [1, 2]})
    assert loss.label_sets == {250: [1, 2]}
    assert pl.build(loss.to_config()).label_sets == loss.label_sets
    for wrong in ({}, {250: []}, {250: [1, 1]}, {"x": [1]}, [250], {250: [-1, 0]}):
        with pytest.raises(errors.OptionError, match="label_sets"):
            pl.DiceLoss(label_sets=wrong)


def test_a_sum_hands_them_to_its_terms():
    logits, labels = problem()
    labels[labels == 2] = 250
    z, y = paddle.to_tensor(logits), paddle.to_tensor(labels)
    terms = [pl.CrossEntropyLoss(label_sets=SETS)(z, y), pl.DiceLoss(label_sets=SETS)(z, y)]
    total = pl.WeightedSumLoss(losses=["CrossEntropyLoss", "DiceLoss"], label_sets=SETS)(z, y)
    np.testing.assert_allclose(total, sum(map(float, terms)), rtol=1e-6)
    with pytest.raises(errors.OptionError, match="label_sets"):
        pl.WeightedSumLoss(losses=["CrossEntropyLoss", "BoundaryLoss"], label_sets=SETS)
