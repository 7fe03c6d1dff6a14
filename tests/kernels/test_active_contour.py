"""Active contours in native code: equal to the composed loss in float64, in value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import ActiveContourLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.active_contour import active_contour_errors
from tests.kernels.problems import ODD, assert_equal_to_float64, assert_same_on_any_number_of_threads, task
from tests.laws.cases import CASES, Case, value_and_gradient, value_of

pytestmark = pytest.mark.usefixtures("native")

VOLUMES = [Case("multiclass", 2, (13, 31, 27)), Case("binary", 1, (9, 1, 8))]
OPTIONS = [
    {},
    {"lambda_length": 3.0, "lambda_region": 0.0, "eps": 1e-3},
    {"lambda_length": 0.0, "lambda_region": 2.0, "reduction": "none"},
    {"eps": 1e-20, "include_background": False},
]


def _equal(options, logits, labels):
    def loss(z, y):
        return ActiveContourLoss(**options)(z, y).mean()

    assert_equal_to_float64(loss, logits, labels)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [*CASES, *ODD, *VOLUMES], ids=str)
@pytest.mark.parametrize("ignored", [0, 0.05])
def test_equal_to_float64(options, case, ignored):
    _equal(options, case.logits(), case.labels(ignored=ignored))


@pytest.mark.parametrize("case", [Case("multiclass", 4, (31, 57)), Case("binary", 1, (63, 41))], ids=str)
@pytest.mark.parametrize("size", [12, -12])
def test_digits_of_a_certain_prediction(case, size):
    """Right or wrong, its slopes are differences of numbers near 0 and 1."""
    labels = np.zeros_like(case.labels())  # one region: no slope but that of p
    _equal({"eps": 1e-12}, case.perfect(labels, size) + case.logits(), labels)


@pytest.mark.parametrize("classes", [[2], [2, 0], [1, 2]], ids=str)
def test_some_classes(classes):
    case = Case("multiclass", 3, (15, 17))
    _equal({"classes": classes}, case.logits(), case.labels())


def test_given_probabilities_that_miss_their_sum():
    """By rounding; then the map of one of two classes does not tell the other's."""
    case = Case("multiclass", 2, (15, 17))
    p = case.soft(1) * np.random.default_rng(1).uniform(0.992, 1, (2, 1, 15, 17))
    _equal({"from_logits": False}, p.astype("float32"), case.labels())


def test_same_bits_on_any_number_of_threads(monkeypatch):
    case = Case("multiclass", 2, (101, 157))
    assert_same_on_any_number_of_threads(monkeypatch, ActiveContourLoss(), case.logits(), case.labels())


def test_value_alone_is_the_same_and_nan_is_seen():
    case = Case("multiclass", 3, (31, 57))
    logits, labels = case.logits(dtype="float32"), case.labels(ignored=0)
    assert value_of(ActiveContourLoss(), logits, labels) == value_and_gradient(ActiveContourLoss(), logits, labels)[0]
    logits[1, 2, 3, 4] = np.nan
    value, gradient = value_and_gradient(ActiveContourLoss(), logits, labels)
    assert np.isnan(value)
    assert np.isnan(gradient[1]).any()


@pytest.mark.parametrize(("labels", "dtype"), [((2, 1, 6), "float32"), ((2, 1, 5), "float64")])
def test_refuses_what_native_code_could_not_check(labels, dtype):
    with pytest.raises(KernelError):
        active_contour_errors(task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False), 0, 1, 1, 1e-8)
