"""What pixel losses have in common with each other, and what they refuse."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import kernels
from paddleseg_losses.errors import OptionError
from tests.laws.cases import CASES, Case, value_and_gradient

BINARY, SEVERAL, LABELS = Case("binary", 1, (7, 5)), Case("multiclass", 3, (7, 5)), Case("multilabel", 3, (5, 7))
BACKENDS = ["composed", "native"]


def same(one, other, case, times=1.0, **kwargs):
    """Whether two losses agree in value and gradient."""
    logits, labels = case.logits(dtype="float32"), case.labels()
    for actual, expected in zip(*(value_and_gradient(loss, logits, labels, **kwargs) for loss in (one, other))):
        np.testing.assert_allclose(actual, times * expected, rtol=2e-6, atol=2e-7 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("case", "one", "other"),
    [
        (BINARY, pl.GeneralizedCrossEntropyLoss(q=0), pl.CrossEntropyLoss()),
        (SEVERAL, pl.GeneralizedCrossEntropyLoss(q=1e-60), pl.CrossEntropyLoss()),
        (SEVERAL, pl.GeneralizedCrossEntropyLoss(q=1), pl.SymmetricCrossEntropyLoss(alpha=0, label_clip=np.exp(-1))),
        (LABELS, pl.AsymmetricMultilabelLoss(gamma_pos=2, gamma_neg=2, clip=0), pl.FocalLoss(gamma=2)),
        (BINARY, pl.AsymmetricMultilabelLoss(gamma_pos=0, gamma_neg=0, clip=0), pl.BinaryCrossEntropyLoss()),
        (SEVERAL, pl.LogitAdjustedLoss(class_priors=[5, 5, 5]), pl.CrossEntropyLoss()),
        (SEVERAL, pl.LogitAdjustedLoss(class_priors=[5, 1, 2], tau=0), pl.CrossEntropyLoss()),
        (LABELS, pl.LogitAdjustedLoss(class_priors=[0.5] * 3), pl.BinaryCrossEntropyLoss()),
        (SEVERAL, pl.LogitAdjustedLoss(class_priors=[60, 30, 10]), pl.LogitAdjustedLoss(class_priors=[0.6, 0.3, 0.1])),
        (SEVERAL, pl.MarginSmoothingLoss(alpha=0, weight=[1, 2, 3]), pl.CrossEntropyLoss(weight=[1, 2, 3])),
        (SEVERAL, pl.SpatialLabelSmoothingLoss(kernel_size=1), pl.CrossEntropyLoss()),
    ],
    ids=str,
)
def test_what_is_the_same_under_another_name(case, one, other):
    same(one, other, case)


def test_symmetric_cross_entropy_is_poly1_times_alpha():
    epsilon = -0.5 * np.log(1e-4) / 0.2
    one, other = pl.SymmetricCrossEntropyLoss(alpha=0.2, beta=0.5), pl.Poly1CrossEntropyLoss(epsilon=epsilon)
    same(one, other, SEVERAL, times=0.2)


@pytest.mark.parametrize("which", BACKENDS)
def test_a_detached_focus_is_a_weight(which):
    logits, labels = LABELS.logits(dtype="float32"), LABELS.labels()
    with kernels.use_kernels(which):
        loss = pl.AsymmetricMultilabelLoss(gamma_pos=1, gamma_neg=3, clip=0.1, detach_focus=True)
        value, gradient = value_and_gradient(loss, logits, labels)
        attached = value_and_gradient(pl.AsymmetricMultilabelLoss(gamma_pos=1, gamma_neg=3, clip=0.1), logits, labels)
    p = 1 / (1 + np.exp(-logits.astype("float64")))
    rest = np.maximum(p - 0.1, 0)
    slope = np.where(labels == 1, -((1 - p) ** 2), rest**3 * p * (1 - p) / (1 - rest))
    expected = np.where(labels == 255, 0, slope) / (labels != 255).sum()
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_allclose(value, attached[0], rtol=1e-6)
    assert np.abs(gradient - attached[1]).max() > 0.1 * np.abs(gradient).max()


@pytest.mark.parametrize("which", BACKENDS)
def test_priors_of_the_batch_are_its_counts_and_one(which):
    labels = SEVERAL.labels()
    counts = [int((labels == c).sum()) + 1 for c in range(3)]
    with kernels.use_kernels(which):
        same(pl.LogitAdjustedLoss(class_priors="batch"), pl.LogitAdjustedLoss(class_priors=counts), SEVERAL)


def test_one_prior_is_that_of_the_second_of_two_classes():
    case = Case("multiclass", 2, (7, 5))
    logits, labels = case.logits(), case.labels()
    two, _ = value_and_gradient(pl.LogitAdjustedLoss(class_priors=[0.9, 0.1]), logits, labels)
    one, _ = value_and_gradient(pl.LogitAdjustedLoss(class_priors=[0.1]), logits[:, 1:] - logits[:, :1], labels)
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_priors_that_mean_nothing():
    with pytest.raises(OptionError, match="add 1 to the counts"):
        pl.LogitAdjustedLoss(class_priors=[10, 0])
    with pytest.raises(OptionError, match=r"LogitAdjustedLoss needs class_priors"):
        pl.LogitAdjustedLoss()
    with pytest.raises(OptionError, match="'batch' or a list of numbers"):
        pl.LogitAdjustedLoss(class_priors="image")
    with pytest.raises(OptionError, match="divide the counts of positives"):
        value_and_gradient(pl.LogitAdjustedLoss(class_priors=[12.0]), BINARY.logits(), BINARY.labels())
    with pytest.raises(OptionError, match="class_priors has 2 numbers"):
        value_and_gradient(pl.LogitAdjustedLoss(class_priors=[0.2, 0.8]), SEVERAL.logits(), SEVERAL.labels())


@pytest.mark.parametrize("which", BACKENDS)
def test_of_equal_logits_the_first_is_what_is_said(which):
    z = paddle.zeros([1, 3, 4])
    with kernels.use_kernels(which):
        value = float(pl.RecallCrossEntropyLoss()(z, paddle.to_tensor([[0, 0, 1, 2]])))
    # Class 0 has no miss, and keeps 1 / 2; of the others all are missed.
    assert value == pytest.approx(np.log(3) * (2 * 0.5 + 1 + 1) / 4, rel=1e-6)


@pytest.mark.parametrize("which", BACKENDS)
@pytest.mark.parametrize("sigma", [1e-3, 0.3, 4.0, 1e6])
@pytest.mark.parametrize("size", [3, 31, 2**31 - 1])
def test_windows_beyond_the_image_repeat_its_edges(which, size, sigma):
    """Of two pixels each is its own neighbour on one side, and has the other one on the other."""
    logits, labels = paddle.to_tensor([[[0.3, -0.7]]]), paddle.to_tensor([[1, 0]])
    with kernels.use_kernels(which):
        value = float(pl.SpatialLabelSmoothingLoss(kernel_size=size, sigma=sigma)(logits, labels))
    q = np.array([0.75, 0.25])
    p = 1 / (1 + np.exp(-np.array([0.3, -0.7])))
    assert value == pytest.approx(-(q * np.log(p) + (1 - q) * np.log(1 - p)).mean(), rel=1e-5)


def test_margin_smoothing_says_its_parts():
    loss = pl.MarginSmoothingLoss(margin=1.0, alpha=0.5)
    logits = SEVERAL.logits()
    value = loss(paddle.to_tensor(logits), paddle.to_tensor(SEVERAL.labels()))
    assert float(value) == pytest.approx(loss.parts["cross_entropy"] + 0.5 * loss.parts["margin"], rel=1e-6)
    beyond = np.maximum(logits.max(axis=1, keepdims=True) - logits - 1, 0).mean(axis=1)
    assert loss.parts["margin"] == pytest.approx(beyond[SEVERAL.labels() != 255].mean(), rel=1e-6)


@pytest.mark.parametrize("name", ["GeneralizedCrossEntropyLoss", "AsymmetricMultilabelLoss", "MarginSmoothingLoss"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pixels_of_weight_0_are_ignored(name, case):
    loss = getattr(pl, name)()
    if case.mode not in loss.supported.modes:
        pytest.skip("not a problem of this loss")
    logits, labels = case.logits(scale=8), case.labels()
    weight = np.random.default_rng(3).integers(0, 2, size=(case.samples, *case.space)).astype("float64")
    dropped = (
        np.where(weight[:, None] == 0, 255, labels) if case.mode == "multilabel" else np.where(weight == 0, 255, labels)
    )
    actual = value_and_gradient(loss, logits, labels, pixel_weight=paddle.to_tensor(weight))
    for one, other in zip(actual, value_and_gradient(loss, logits, dropped)):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)
