"""Options of losses: how they combine, and what YAML may write."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, DiceLoss, FocalLoss, HausdorffCVLoss, HausdorffDTLoss, TverskyLoss, build
from paddleseg_losses.errors import OptionError

RNG = np.random.default_rng(0)
LOGITS = paddle.to_tensor(RNG.normal(size=(2, 3, 7, 5)))
LABELS = paddle.to_tensor(RNG.integers(0, 3, size=(2, 7, 5)))


def test_classes_keep_their_weights_in_any_order():
    weight = [0.5, 2.0, 4.0]
    plain = DiceLoss(weight=weight, reduction="none")(LOGITS, LABELS).numpy()
    turned = DiceLoss(weight=weight, classes=[2, 0, 1], reduction="none")(LOGITS, LABELS).numpy()
    np.testing.assert_allclose(turned, plain[:, [2, 0, 1]], rtol=1e-12)
    two = DiceLoss(weight=weight, classes=[2, 0])(LOGITS, LABELS)
    assert float(two) == pytest.approx(plain[:, [2, 0]].mean(), rel=1e-12)


def test_present_averages_the_cells_that_have_a_target():
    labels = LABELS.clone()
    labels[0] = paddle.where(labels[0] == 2, paddle.zeros_like(labels[0]), labels[0])
    cells = DiceLoss(reduction="none")(LOGITS, labels).numpy()
    present = float(DiceLoss(classes="present")(LOGITS, labels))
    assert present == pytest.approx((cells.sum() - cells[0, 2]) / 5, rel=1e-12)


def test_alpha_of_1_leaves_the_positives_alone():
    logits, labels = LOGITS[:, :1], (LABELS == 2).astype("int64")
    positives = FocalLoss(alpha=1, reduction="none")(logits, labels).numpy()
    expected = FocalLoss(reduction="none")(logits, labels).numpy() * labels.numpy()
    np.testing.assert_allclose(positives, expected, rtol=1e-12)


@pytest.mark.parametrize("weight", [[0.5, 2, 1], (0.5, 2, 1), np.array([0.5, 2, 1]), ["5e-1", "2", 1.0]], ids=str)
def test_weights_in_any_container(weight):
    expected = float(CrossEntropyLoss(weight=[0.5, 2.0, 1.0])(LOGITS, LABELS))
    assert float(CrossEntropyLoss(weight=weight)(LOGITS, LABELS)) == expected
    assert float(CrossEntropyLoss(weight=paddle.to_tensor([0.5, 2.0, 1.0]))(LOGITS, LABELS)) == expected


def test_scaled_weights_leave_the_cross_entropy_alone():
    one, ten = (float(CrossEntropyLoss(weight=[w, 2 * w, 4 * w])(LOGITS, LABELS)) for w in (1, 10))
    assert one == pytest.approx(ten, rel=1e-12)


def test_focal_identities():
    plain = float(CrossEntropyLoss()(LOGITS, LABELS))
    assert float(FocalLoss(gamma=0)(LOGITS, LABELS)) == pytest.approx(plain, rel=1e-12)
    weighted = float(CrossEntropyLoss(weight=[1, 2, 3])(LOGITS, LABELS))
    assert float(FocalLoss(gamma=0, weight=[1, 2, 3])(LOGITS, LABELS)) == pytest.approx(weighted, rel=1e-12)
    two, labels = LOGITS[:, :2], (LABELS > 0).astype("int64")
    one = two[:, 1:] - two[:, :1]
    softmax = float(FocalLoss(alpha=[0.75, 0.25])(two, labels))
    assert softmax == pytest.approx(float(FocalLoss(alpha=0.25)(one, labels)), rel=1e-12)
    half = float(FocalLoss(alpha=0.5)(one, labels))
    assert half == pytest.approx(float(FocalLoss()(one, labels)) / 2, rel=1e-12)


def test_tversky_identities():
    dice = float(DiceLoss(smooth=2.0)(LOGITS, LABELS))
    assert float(TverskyLoss(alpha=0.5, beta=0.5, smooth=1.0)(LOGITS, LABELS)) == pytest.approx(dice, rel=1e-12)
    assert float(TverskyLoss(alpha=0, beta=0)(LOGITS, LABELS)) == 0.0
    values = [float(TverskyLoss(alpha=a)(LOGITS, LABELS)) for a in (0.1, 0.5, 0.9)]
    assert values == sorted(values)


def test_alpha_weighs_false_positives():
    """Everything is predicted foreground: only false positives are made, so only alpha matters."""
    logits, labels = paddle.full([1, 1, 4, 5], 50.0), paddle.zeros([1, 4, 5], "int64")
    labels[0, 0] = 1
    cheap, dear = (float(TverskyLoss(alpha=a, beta=b)(logits, labels)) for a, b in ((0.1, 0.9), (0.9, 0.1)))
    assert cheap < dear
    assert float(TverskyLoss(alpha=0.1, beta=0.2)(logits, labels)) == pytest.approx(cheap, rel=1e-6)


def test_a_far_false_positive_costs_by_its_distance():
    """One pixel at (27, 27) beside a 5 x 5 object at (0, 0): the squared distance to the boundary, averaged."""
    labels = np.zeros((1, 32, 32), "int64")
    labels[0, :5, :5] = 1
    logits = np.where(labels == 1, 50.0, -50.0)[:, None]
    logits[0, 0, 27, 27] = 50.0
    total = float(HausdorffDTLoss()(paddle.to_tensor(logits), paddle.to_tensor(labels))) * 32 * 32
    to_object = 23**2 + 23**2
    inside_the_blob = 1
    assert total == pytest.approx(to_object + inside_the_blob, rel=1e-6)


def test_yaml_words():
    import yaml

    text = "{type: DiceLoss, smooth: 1e-6, weight: [1, 2, 3e-1], batch: true, classes: [1, 2], squared_pred: 'false'}"
    loss = build(yaml.safe_load(text))
    assert loss.smooth == 1e-6
    assert loss.weight == (1.0, 2.0, 0.3)
    assert (loss.batch, loss.classes, loss.squared_pred) == (True, (1, 2), False)


@pytest.mark.parametrize(("k", "pixels", "chosen"), [(53, 100, 53), (59, 100, 59), (21, 300, 63), (10, 25, 2)])
def test_top_k_counts_exactly(k, pixels, chosen):
    logits = paddle.to_tensor(RNG.normal(size=(1, 2, pixels)).astype("float32"))
    loss = build("TopKCrossEntropyLoss", k=k, reduction="none")
    values = loss(logits, paddle.zeros([1, pixels], "int64")).numpy()
    assert np.count_nonzero(values) == chosen


def test_nearly_perfect_predictions_do_not_cancel():
    labels = RNG.integers(0, 3, size=(1, 64, 63))
    logits = np.moveaxis(np.eye(3)[labels], -1, 1) * 10 + 0.3 * RNG.normal(size=(1, 3, 64, 63))
    for loss in (DiceLoss(squared_pred=True), build("BoundaryDoULoss")):
        exact = float(loss(paddle.to_tensor(logits), paddle.to_tensor(labels)))
        single = float(loss(paddle.to_tensor(logits.astype("float32")), paddle.to_tensor(labels)))
        assert single == pytest.approx(exact, rel=1e-4)


def test_exponential_logarithm_of_a_hopeless_prediction_is_finite():
    logits = paddle.to_tensor([[[-200.0] * 10]], stop_gradient=False)
    loss = build("ExpLogLoss", smooth=1e-8)(logits, paddle.ones([1, 10], "int64"))
    loss.backward()
    assert np.isfinite(float(loss))
    assert np.isfinite(logits.grad.numpy()).all()


@pytest.mark.parametrize(
    "loss",
    [HausdorffCVLoss(alpha=1e10), HausdorffCVLoss(radii=[1e12], alpha=3), HausdorffDTLoss(alpha=40),
     HausdorffDTLoss(alpha=3, spacing=1e12), HausdorffDTLoss(alpha=1e10, one_sided=True)],
)  # fmt: skip
def test_weights_of_distances_are_finite_in_float32(loss):
    with pytest.raises(OptionError, match=r"to the power of .* is infinite"):
        loss(LOGITS, LABELS)


@pytest.mark.parametrize("value", [1.1e12, 2**70, 1e308])
@pytest.mark.parametrize(
    ("name", "option"), [("Poly1CrossEntropyLoss", "epsilon"), ("FocalLoss", "gamma"), ("DiceLoss", "weight")]
)
def test_numbers_that_float32_cannot_sum_are_refused(name, option, value):
    with pytest.raises(OptionError, match=rf"(?s){option}=.*, at most 1e\+12 in size"):
        build(name, **{option: value})


@pytest.mark.parametrize("option", ["gamma_dice", "gamma_cross"])
def test_exponents_of_logarithms_are_bounded(option):
    assert np.isfinite(float(build("ExpLogLoss", **{option: 7})(1e4 * LOGITS.astype("float32"), LABELS)))
    with pytest.raises(OptionError, match=rf"(?s){option}=8.*a number in \[0, 7\]"):
        build("ExpLogLoss", **{option: 8})


def test_a_large_weight_of_log_cosh_dice_is_finite():
    """cosh x is infinite in float32 beyond 89, and log cosh x is x - log 2."""
    logits, labels = LOGITS[:, :1].astype("float32"), LABELS % 2
    found, dice = (float(build(name, weight=1e4)(logits, labels)) for name in ("LogCoshDiceLoss", "DiceLoss"))
    assert found == pytest.approx(dice - np.log(2), rel=1e-6)
