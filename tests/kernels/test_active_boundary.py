"""Boundaries that move in native code: equal to the composed loss in float64, in value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import ActiveBoundaryLoss, kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.active_boundary import active_boundary_mean
from tests.kernels.problems import assert_equal_to_float64, assert_same_on_any_number_of_threads, task
from tests.kernels.regions import blocks_of
from tests.laws.cases import CASES, Case, value_and_gradient, value_of

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (97, 61), samples=1),
    Case("multiclass", 3, (3001,), samples=1),
    Case("multiclass", 2, (40001,), samples=1),  # squares that 32 bits do not hold
    Case("multiclass", 19, (45, 38)),
    Case("multilabel", 3, (13, 31, 27)),
    Case("multiclass", 3, (1, 1)),
    Case("binary", 1, (1, 40, 1)),
]
OPTIONS = [
    {},
    {"boundary_ratio": 0.3, "max_distance": 2.5, "label_smoothing": 0.0},
    {"boundary_ratio": 1.0, "max_distance": 1e4, "label_smoothing": 1.0},
    {"boundary_ratio": 0.0},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
@pytest.mark.parametrize("ignored", [0, 0.05])
def test_equal_to_float64(options, case, ignored):
    assert_equal_to_float64(ActiveBoundaryLoss(**options), case.logits(), case.labels(ignored=ignored))


@pytest.mark.parametrize("case", [Case("multiclass", 4, (61, 87)), Case("binary", 1, (23, 19, 22))], ids=str)
def test_regions_far_from_their_boundary(case):
    assert_equal_to_float64(ActiveBoundaryLoss(), case.logits(), blocks_of(case))


@pytest.mark.parametrize("case", [Case("multiclass", 2, (31, 57)), Case("binary", 1, (63, 41))], ids=str)
@pytest.mark.parametrize("size", [0.5, 12, -12])
@pytest.mark.parametrize("ratio", [0.01, 1.0])
def test_ties(case, size, ratio):
    """Pixels that change alike are on the boundary together, or not at all, whichever class they are of."""
    labels = blocks_of(case)
    assert_equal_to_float64(ActiveBoundaryLoss(boundary_ratio=ratio), case.perfect(labels, size), labels)


@pytest.mark.parametrize("label", [0, 1, 255])
def test_without_a_boundary_there_is_no_loss(label):
    case = Case("multiclass", 3, (17, 15))
    value, gradient = value_and_gradient(
        ActiveBoundaryLoss(), case.logits(dtype="float32"), np.full_like(case.labels(), label)
    )
    assert value == 0
    assert not gradient.any()


def test_a_pixel_without_neighbours_counts():
    """It has no loss of its own, but is one of those in the mean."""
    case = Case("multiclass", 3, (9, 9), samples=1)
    labels = case.labels(ignored=0)
    labels[:, 3:6, 3:6] = 255
    labels[:, 4, 4] = 1
    assert_equal_to_float64(ActiveBoundaryLoss(boundary_ratio=1.0), case.logits(), labels)


def test_same_bits_on_any_number_of_threads(monkeypatch):
    for case in (Case("multiclass", 3, (101, 157)), Case("binary", 1, (41, 30, 37), samples=1)):
        assert_same_on_any_number_of_threads(monkeypatch, ActiveBoundaryLoss(), case.logits(), case.labels())


def test_value_alone_is_the_same():
    case = Case("multiclass", 3, (31, 57))
    logits, labels = case.logits(dtype="float32"), case.labels()
    both = value_and_gradient(ActiveBoundaryLoss(), logits, labels)[0]
    assert value_of(ActiveBoundaryLoss(), logits, labels) == both


def test_a_second_pass_over_one_graph_and_another_upstream():
    case = Case("multiclass", 3, (31, 57))
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    value = ActiveBoundaryLoss()(z, paddle.to_tensor(case.labels()))
    (first,) = paddle.grad(value, z, retain_graph=True)
    (second,) = paddle.grad(3 * value, z)
    np.testing.assert_allclose(second.numpy(), 3 * first.numpy(), rtol=1e-6)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_no_number_is_seen_where_it_counts(number):
    case = Case("multiclass", 3, (31, 57))
    logits, labels = case.logits(dtype="float32"), case.labels(ignored=0)
    logits[1, 2, 3, 4] = number
    value, gradient = value_and_gradient(ActiveBoundaryLoss(), logits, labels)
    assert np.isnan(value)
    assert np.isnan(gradient[1]).any()
    labels[1, 3, 4] = 255
    assert np.isfinite(value_and_gradient(ActiveBoundaryLoss(), logits, labels)[0])


@pytest.mark.parametrize("low", [-1e30, -np.inf])
def test_a_class_that_is_masked_out(low):
    case = Case("multiclass", 3, (31, 57))
    logits, labels = case.logits(dtype="float32"), np.minimum(case.labels(ignored=0), 1)
    logits[:, 2] = low
    value, gradient = value_and_gradient(ActiveBoundaryLoss(), logits, labels)
    expected, slope = value_and_gradient(ActiveBoundaryLoss(), logits[:, :2].astype("float64"), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(gradient[:, :2], slope, rtol=1e-4, atol=2e-6 * np.abs(slope).max())
    assert not gradient[:, 2].any()


def test_second_derivatives_are_refused():
    case = Case("binary", 1, (9, 8))
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    value = ActiveBoundaryLoss()(z, paddle.to_tensor(case.labels()))
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad(value, z, create_graph=True)


def test_given_probabilities_are_composed():
    case = Case("binary", 1, (9, 8))
    found = []
    for mode in ("auto", "composed"):
        with kernels.use_kernels(mode):
            p = 1 / (1 + np.exp(-case.logits(dtype="float32")))
            found.append(value_of(ActiveBoundaryLoss(from_logits=False), p, case.labels()))
    assert found[0] == found[1]


@pytest.mark.parametrize(("labels", "dtype"), [((2, 1, 6), "float32"), ((2, 1, 5), "float64")])
def test_refuses_what_native_code_could_not_check(labels, dtype):
    with pytest.raises(KernelError):
        active_boundary_mean(task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False), 0.1, 20, 0.2)
