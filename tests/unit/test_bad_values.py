"""Values that no label, probability or weight can have: which calls look, what they say, and what a later call does."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors

from .blank import LABELS, LOGITS, C, H, N, W, labels_of


@pytest.mark.parametrize("name", pl.names())
def test_label_values_are_looked_at_on_the_first_calls_only(name):
    channels = (pl.get(name).most_classes or 3) if "multiclass" in pl.get(name).modes else 1
    scores = np.random.default_rng(0).normal(size=(N, channels, H, W)).astype("float32")
    z = paddle.to_tensor(scores, stop_gradient=False)
    good, bad = paddle.to_tensor(LABELS), paddle.to_tensor(labels_of(254))
    loss = pl.build(name, **pl.get(name).example)
    with pytest.raises(errors.LabelError):
        loss(z, bad)
    for _ in range(3):
        assert np.isfinite(float(loss(z, good)))
    later = loss(z, bad)
    later.backward()
    assert np.isnan(float(later))  # seen in the log, without waiting for the device
    assert not z.grad.numpy().any()  # and no harm done to the weights
    third = pl.build(name, **pl.get(name).example)
    for _ in range(2):
        third(z, good)
    with pytest.raises(errors.LabelError):
        third(z, bad)
    always = pl.build(name, checks="always", **pl.get(name).example)
    for _ in range(5):
        always(z, good)
    with pytest.raises(errors.LabelError):
        always(z, bad)
    assert np.isfinite(float(pl.build(name, checks="never", **pl.get(name).example)(z, bad)))


def test_nan_in_soft_labels_later_harms_no_weights():
    z = paddle.to_tensor(np.random.default_rng(0).normal(size=LOGITS.shape).astype("float32"), stop_gradient=False)
    soft = np.full(LOGITS.shape, 1 / 3, "float32")
    loss = pl.DiceLoss(mode="multiclass")
    for _ in range(3):
        loss(z, paddle.to_tensor(soft))
    soft[0, 0, 0, 0] = np.nan
    value = loss(z, paddle.to_tensor(soft))
    value.backward()
    assert np.isnan(float(value))
    assert not z.grad.numpy().any()


def test_a_static_graph_marks_wrong_labels():
    static = paddle.jit.to_static(pl.CrossEntropyLoss(), full_graph=True)
    assert np.isnan(float(static(paddle.to_tensor(LOGITS), paddle.to_tensor(labels_of(7)))))


def test_a_mask_of_0_and_255_is_noticed():
    with pytest.warns(UserWarning, match=r"labels > 0"):
        pl.DiceLoss()(paddle.to_tensor(LOGITS[:, :1]), paddle.to_tensor(labels_of(255, 255)))


def test_probabilities_that_do_not_sum_to_one():
    with pytest.raises(errors.InputError, match="sum to"):
        pl.CrossEntropyLoss(from_logits=False)(paddle.to_tensor(LOGITS + 0.9), paddle.to_tensor(LABELS))


def _told(loss, labels, logits=LOGITS):
    with pytest.raises(errors.LossError) as caught:
        loss(paddle.to_tensor(logits), paddle.to_tensor(labels))
    return str(caught.value)


def test_ranges_are_those_of_the_pixels_that_count():
    shares = np.full((N, C, H, W), 1 / C, "float32")
    shares[0, :, 0] = 255
    shares[1, 0, 0, 0] = 2
    told = _told(pl.DiceLoss(mode="multiclass"), shares)
    assert "soft labels range from 0.3333 to 2." in told
    assert "divide a 0/255 mask" not in told
    hot = np.zeros((N, C, H, W), "int64")
    hot[0, :, 0] = 255
    assert "one-hot labels of a pixel sum to between 0 and 0." in _told(pl.DiceLoss(mode="multiclass"), hot)
    hot[1, 0, 0, 0] = 2
    assert "one-hot labels range from 0 to 2." in _told(pl.DiceLoss(mode="multiclass"), hot)
    p = np.full((N, C, H, W), 1 / C, "float32")
    p[0, :, 0], p[1, 0, 0, 0] = 9, 2
    assert "ranges from 0.3333 to 2." in _told(pl.DiceLoss(from_logits=False), _first_row_ignored(), p)
    p[1, 0, 0, 0] = 2 / 3
    assert "sum to between 1 and 1.333." in _told(pl.DiceLoss(from_logits=False), _first_row_ignored(), p)


def _first_row_ignored():
    labels = np.array(LABELS)
    labels[0, 0] = 255
    return labels


def test_minus_one_may_mark_ignored_pixels_of_soft_labels():
    shares = np.full((N, C, H, W), 1 / C, "float32")
    shares[0, :, 0] = -1
    assert "set ignore_index=-1" in _told(pl.DiceLoss(mode="multiclass"), shares)
    value = pl.CrossEntropyLoss(mode="multiclass", ignore_index=-1)(paddle.to_tensor(LOGITS), paddle.to_tensor(shares))
    assert value > 0


def test_pixel_weights_are_looked_at():
    z, y = paddle.to_tensor(LOGITS), paddle.to_tensor(labels_of(255))
    weight = np.ones((N, H, W), "float32")
    weight[0, 0, 0] = np.nan  # under an ignored pixel it does not matter
    assert np.isfinite(float(pl.CrossEntropyLoss()(z, y, pixel_weight=weight)))
    with pytest.raises(errors.InputError, match="at least 0"):
        pl.CrossEntropyLoss()(z, y, pixel_weight=-weight)


@pytest.mark.parametrize("label", [2**62, -(2**62), 2**31])
def test_a_label_beyond_all_classes_is_named(label):
    with pytest.raises(errors.LabelError, match=f"labels hold {label}"):
        pl.DiceLoss()(paddle.to_tensor(LOGITS), paddle.to_tensor(labels_of(label)))
