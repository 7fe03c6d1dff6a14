"""Boundary F1 in native code: equal to the composed loss in float64, in value and gradient, ties included."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryF1Loss, kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.boundary_f1 import boundary_f1_errors
from tests.kernels.problems import ODD, assert_equal_to_float64, assert_same_on_any_number_of_threads, task
from tests.laws.cases import CASES, Case, value_and_gradient, value_of

pytestmark = pytest.mark.usefixtures("native")

OPTIONS = [
    {},
    {"theta0": 5, "theta": 9, "smooth": 1e-7},
    {"theta0": 1, "theta": 1},
    {"theta0": 7, "theta": 10001, "smooth": 0.0, "reduction": "none"},
    {"include_background": False, "theta": 7},
]


def _equal(options, logits, labels):
    def loss(z, y):
        return BoundaryF1Loss(**options)(z, y).mean()

    assert_equal_to_float64(loss, logits, labels)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [*CASES, *ODD], ids=str)
@pytest.mark.parametrize("ignored", [0, 0.15])
def test_equal_to_float64(options, case, ignored):
    _equal(options, case.logits(), case.labels(ignored=ignored))


@pytest.mark.parametrize("case", [Case("multiclass", 4, (31, 57)), Case("binary", 1, (63, 41))], ids=str)
@pytest.mark.parametrize("size", [12, -12])
def test_digits_of_a_certain_prediction(case, size):
    """Right or wrong, its boundaries are differences of numbers near 0 and 1."""
    labels = case.labels(ignored=0)
    _equal({}, case.perfect(labels, size) + case.logits(), labels)


@pytest.mark.parametrize("classes", [[2], [2, 0], [1, 2]], ids=str)
def test_some_classes(classes):
    case = Case("multiclass", 3, (15, 17))
    _equal({"classes": classes}, case.logits(), case.labels())


@pytest.mark.parametrize("shape", [(2, 1, 90), (2, 1, 40, 31), (1, 1, 9, 12, 11)], ids=str)
def test_ties(shape):
    """Of equal pixels the same one has the slope as in Paddle's pooling of one axis after another."""
    rng, results = np.random.default_rng(0), []
    p, labels = rng.integers(0, 5, shape).astype("float32") / 4, rng.integers(0, 2, shape)
    for mode in ("native", "composed"):
        with kernels.use_kernels(mode):
            results.append(value_and_gradient(BoundaryF1Loss(from_logits=False), p, labels))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-4, atol=1e-6 * np.abs(results[1][1]).max())


def test_same_bits_on_any_number_of_threads(monkeypatch):
    case = Case("multiclass", 3, (101, 157))
    assert_same_on_any_number_of_threads(monkeypatch, BoundaryF1Loss(), case.logits(), case.labels())


def test_value_alone_is_the_same_and_nan_is_seen():
    case = Case("multiclass", 3, (31, 57))
    logits, labels = case.logits(dtype="float32"), case.labels(ignored=0)
    assert value_of(BoundaryF1Loss(), logits, labels) == value_and_gradient(BoundaryF1Loss(), logits, labels)[0] > 0
    logits[1, 2, 3, 4] = np.nan
    value, gradient = value_and_gradient(BoundaryF1Loss(), logits, labels)
    assert np.isnan(value)
    assert np.isnan(gradient[1]).any()


@pytest.mark.parametrize(("labels", "dtype"), [((2, 1, 6), "float32"), ((2, 1, 5), "float64")])
def test_refuses_what_native_code_could_not_check(labels, dtype):
    with pytest.raises(KernelError):
        boundary_f1_errors(task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False), 0, 1, 2, 1.0)


def test_precision_beside_a_recall_of_nearly_nothing():
    """2 - a - b of two shares near 1 would lose four digits of their F1 in float32."""
    logits = np.array([[[-26.5, -38.5, -1.5, -33.25, -9.0, -54.5, -34.5, -12.75, 62.5]]], "float32")
    labels = np.full((1, 9), 255)
    labels[0, [0, 3]] = 0, 1
    for backend in ("native", "composed"):
        with kernels.use_kernels(backend):
            value, gradient = value_and_gradient(BoundaryF1Loss(smooth=0.0), logits, labels)
        assert value == pytest.approx(1, abs=2e-7)
        assert np.abs(gradient).max() < 1e-12
