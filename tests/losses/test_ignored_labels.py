"""Several ignored labels, or none; and one index for each pixel where every channel has a sigmoid."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, registry
from tests.laws.cases import value_and_gradient

from .any_loss import build

NAMES = registry.names()
# Of indices the background is class 0, which skeletons never count; of one-hot labels there is none.
MULTILABEL = [name for name in registry.names(mode="multilabel") if name != "SkeletonRecallLoss"]


def problem(channels, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, channels, 8, 7)).astype("float32"), rng.integers(0, max(channels, 2), (2, 8, 7))


def channels_of(name):
    return 2 if registry.get(name).most_classes == 2 else 1 if "multiclass" not in registry.get(name).modes else 3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_all_of_a_list_are_ignored(name, dtype):
    logits, labels = problem(channels_of(name))
    once, twice = labels.copy(), labels.copy()
    once[:, :2], once[:, 5:] = 255, 255
    twice[:, :2], twice[:, 5:] = 255, 7
    expected = value_and_gradient(build(name), logits, once.astype(dtype))
    for actual in (
        value_and_gradient(build(name, ignore_index=order), logits, twice.astype(dtype))
        for order in ([7, 255], [255, 7])
    ):
        np.testing.assert_array_equal(actual[0], expected[0])
        np.testing.assert_array_equal(actual[1], expected[1])


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "DiceLoss", "BoundaryLoss"])
def test_none_ignores_nothing(name):
    logits, labels = problem(3)
    expected, actual = (
        value_and_gradient(build(name), logits, labels),
        value_and_gradient(build(name, ignore_index=None), logits, labels),
    )
    np.testing.assert_array_equal(actual[0], expected[0])
    np.testing.assert_array_equal(actual[1], expected[1])
    labels[0, 0, 0] = 255
    with pytest.raises(errors.LabelError, match="every pixel counts"):
        build(name, ignore_index=None)(paddle.to_tensor(logits), paddle.to_tensor(labels))


def test_class_256_is_a_class_where_nothing_is_ignored():
    logits = np.zeros((1, 300, 2, 2), "float32")
    labels = np.array([[[0, 255], [255, 299]]])
    value, gradient = value_and_gradient(pl.CrossEntropyLoss(ignore_index=None), logits, labels)
    np.testing.assert_allclose(value, np.log(300), rtol=1e-6)
    assert gradient[0, 255, 0, 1] < 0


def test_soft_and_one_hot_targets_with_several():
    logits, labels = problem(3)
    hot = np.eye(3)[labels].transpose(0, 3, 1, 2)
    for dtype in ("float32", "int64"):
        once, twice = hot.astype(dtype), hot.astype(dtype)
        once[:, :, 0], once[:, :, 1] = 255, 255
        twice[:, :, 0], twice[:, :, 1] = 255, 7
        expected = value_and_gradient(pl.DiceLoss(mode="multiclass"), logits, once)
        actual = value_and_gradient(pl.DiceLoss(mode="multiclass", ignore_index=[7, 255]), logits, twice)
        np.testing.assert_array_equal(actual[0], expected[0])
        np.testing.assert_array_equal(actual[1], expected[1])


@pytest.mark.parametrize("given", [[], "x", [1.5], {1: 2}, [[1]], True])
def test_what_is_no_label(given):
    with pytest.raises(errors.OptionError, match="ignore_index"):
        pl.DiceLoss(ignore_index=given)


def test_masked_arrays_need_a_number():
    logits, labels = problem(3)
    masked = np.ma.array(labels, mask=labels == 2)
    with pytest.raises(errors.InputError, match="masked") as caught:
        pl.DiceLoss(ignore_index=None)(logits, masked)
    assert "set ignore_index" in str(caught.value.cure)


@pytest.mark.parametrize("name", MULTILABEL)
@pytest.mark.parametrize("channel", [False, True])
def test_indices_under_sigmoids_are_one_hot_labels(name, channel):
    logits, labels = problem(3)
    labels[:, 3] = 255
    hot = np.where(labels[:, None] == 255, 255, labels[:, None] == np.arange(3).reshape([1, 3, 1, 1])).astype("int64")
    options = {"mode": "multilabel"}
    if "include_background" in pl.options.options_of(registry.get(name).cls):
        options["include_background"] = True  # with one-hot labels no channel is the background
    expected = value_and_gradient(build(name, **options), logits, hot)
    actual = value_and_gradient(build(name, **options), logits, labels[:, None] if channel else labels)
    np.testing.assert_array_equal(actual[0], expected[0])
    np.testing.assert_array_equal(actual[1], expected[1])


def test_the_background_of_indices_can_be_left_out():
    logits, labels = problem(3)
    hot = np.eye(3)[labels].transpose(0, 3, 1, 2).astype("int64")
    options = {"mode": "multilabel", "include_background": False}
    actual = pl.DiceLoss(**options)(logits, labels)
    without = pl.DiceLoss(mode="multilabel")(logits[:, 1:], hot[:, 1:])
    np.testing.assert_allclose(actual, without, rtol=1e-6)
    assert float(pl.DiceLoss(**options)(logits, hot)) != float(actual)


def test_indices_out_of_range_are_named():
    logits, labels = problem(3)
    labels[0, 0, 0] = 3
    loss = pl.DiceLoss(mode="multilabel")
    with pytest.raises(errors.LabelError, match="hold 3"):
        loss(logits, labels)
    loss._calls = 10**9  # as after the first calls
    assert np.isnan(float(loss(logits, labels)))
