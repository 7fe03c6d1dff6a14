"""Where Paddle has the primitive: exactly when ours equals it, and where it does not."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from paddleseg_losses import CrossEntropyLoss, DiceLoss, FocalLoss

RNG = np.random.default_rng(0)
LOGITS = paddle.to_tensor(RNG.normal(size=(2, 4, 7, 5)).astype("float32"))
LABELS = RNG.integers(0, 4, size=(2, 7, 5))
LABELS[0, :2] = 255
LABELS = paddle.to_tensor(LABELS)


def test_cross_entropy_equals_paddle():
    ours = float(CrossEntropyLoss()(LOGITS, LABELS))
    assert ours == pytest.approx(float(F.cross_entropy(LOGITS, LABELS, axis=1, ignore_index=255)), rel=1e-6)


def test_weighted_cross_entropy_equals_paddle():
    weight = [0.5, 1.0, 2.0, 0.25]
    theirs = F.cross_entropy(LOGITS, LABELS, axis=1, ignore_index=255, weight=paddle.to_tensor(weight))
    assert float(CrossEntropyLoss(weight=weight)(LOGITS, LABELS)) == pytest.approx(float(theirs), rel=1e-6)


def test_cross_entropy_beyond_paddles_floor():
    """On a CPU Paddle stops at 64, ours goes on."""
    logits, labels = paddle.to_tensor([[[1000.0], [0.0]]]), paddle.to_tensor([[1]])
    assert float(CrossEntropyLoss()(logits, labels)) == 1000.0
    assert float(F.cross_entropy(logits, labels, axis=1)) == 64.0


def test_binary_cross_entropy_equals_paddle():
    logits = LOGITS[:, :1]
    labels = (LABELS == 1).astype("int64")
    theirs = F.binary_cross_entropy_with_logits(logits[:, 0], labels.astype("float32"))
    assert float(CrossEntropyLoss()(logits, labels)) == pytest.approx(float(theirs), rel=1e-6)


def test_focal_equals_paddle_where_its_gradient_is_finite():
    logits, labels = LOGITS[:, :1], (LABELS == 1).astype("int64")
    theirs = F.sigmoid_focal_loss(logits[:, 0], labels.astype("float32"), alpha=0.25, gamma=2.0, reduction="mean")
    assert float(FocalLoss(alpha=0.25)(logits, labels)) == pytest.approx(float(theirs), rel=1e-5)


def test_focal_is_finite_where_paddles_is_not():
    logits, labels = np.array([[[200.0, -200.0]]], "float32"), paddle.to_tensor([[1, 0]])
    ours, theirs = (paddle.to_tensor(logits, stop_gradient=False) for _ in range(2))
    FocalLoss(gamma=0.5)(ours, labels).backward()
    F.sigmoid_focal_loss(theirs[:, 0], labels.astype("float32"), gamma=0.5).backward()
    assert np.isfinite(ours.grad.numpy()).all()
    assert np.isnan(theirs.grad.numpy()).any()


def test_paddles_dice_on_a_softmax_is_an_absolute_error():
    labels = paddle.to_tensor(RNG.integers(0, 4, size=(2, 7, 5)))
    p = F.softmax(LOGITS, axis=1)
    theirs = float(F.dice_loss(p.transpose([0, 2, 3, 1]), labels.unsqueeze(-1)))
    p_true = paddle.take_along_axis(p, labels.unsqueeze(1), axis=1)
    assert theirs == pytest.approx(1 - float(p_true.mean()), rel=1e-5)
    assert abs(theirs - float(DiceLoss()(LOGITS, labels))) > 1e-3


def test_dice_equals_paddle_for_one_channel_that_is_all_foreground():
    p = F.sigmoid(LOGITS[:, :1])
    theirs = F.dice_loss(p.transpose([0, 2, 3, 1]), paddle.zeros([2, 7, 5, 1], "int64"), epsilon=0.0)
    ours = DiceLoss(smooth=0.0, from_logits=False)(p, paddle.ones([2, 7, 5], "int64"))
    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)
