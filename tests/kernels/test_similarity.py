"""Structural similarity in native code: equal to the composed losses in float64, in value and gradient."""

import numpy as np
import pytest

from paddleseg_losses import MSSSIMLoss, SSIMLoss, kernels
from tests.kernels.problems import assert_equal_to_float64, assert_same_on_any_number_of_threads
from tests.laws.cases import CASES, Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (97, 61), samples=1),
    Case("multiclass", 3, (19, 40, 7), samples=1),
    Case("multiclass", 3, (8001,), samples=1),
    Case("multilabel", 3, (13, 31, 27)),
    Case("multiclass", 3, (1, 1)),
]
OPTIONS = [
    (SSIMLoss, {}),
    (SSIMLoss, {"window_size": 5, "sigma": 1.0, "k1": 0.02, "k2": 0.05}),
    (SSIMLoss, {"window_size": 1}),
    (MSSSIMLoss, {"window_size": 3, "scale_weights": [0.5, 0.3, 0.2]}),
]


def _drawn(case, labels):
    """Logits that mostly say what the labels say: multi-scale similarity has no slope where they go against them."""
    return (case.perfect(labels, 1.0) + case.logits(scale=1.0)).astype("float32")


@pytest.mark.parametrize(("cls", "options"), OPTIONS)
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
@pytest.mark.parametrize("ignored", [0, 0.15])
def test_equal_to_float64(cls, options, case, ignored):
    labels = case.labels(ignored=ignored)
    assert_equal_to_float64(cls(**options), _drawn(case, labels), labels)


@pytest.mark.parametrize("cls", [SSIMLoss, MSSSIMLoss])
def test_equal_where_classes_have_places_of_their_own(cls):
    """Windows, rows and slices without a class, whose fields are left out."""
    case = Case("multiclass", 4, (31, 29, 26), samples=1)
    labels = np.zeros((1, *case.space), "int64")
    labels[:, 3:9, 20:, 17:], labels[:, 25:, 2:4, :6], labels[:, 28, 28, 25] = 1, 2, 255
    assert_equal_to_float64(cls(), _drawn(case, labels), labels)


@pytest.mark.parametrize("cls", [SSIMLoss, MSSSIMLoss])
@pytest.mark.parametrize("case", [Case("multiclass", 3, (37, 53)), Case("multilabel", 2, (14, 13, 11))], ids=str)
def test_soft_targets(cls, case):
    targets = case.soft(1)
    assert_equal_to_float64(cls(), case.logits(scale=1.0), targets)


@pytest.mark.parametrize("window_size", [1, 3])
def test_variances_keep_their_digits_beside_a_small_constant(window_size):
    """The difference of two means of squares would be 1e-7 off in float32, beside a constant of 1e-6."""
    case, loss = Case("multiclass", 3, (9, 7)), SSIMLoss(window_size=window_size, k2=1e-3)
    labels = case.labels()
    logits = case.perfect(labels, 6.0).astype("float32")
    with kernels.use_kernels("composed"):
        (value, gradient), (exact, slope) = (
            value_and_gradient(loss, logits.astype(dtype), labels) for dtype in ("float32", "float64")
        )
    np.testing.assert_allclose(value, exact, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope, atol=1e-5 * np.abs(slope).max())


def test_a_small_power_of_nearly_nothing_keeps_its_digits():
    """Similarities of 1e-3 and less, whose power is steep: 1 minus an error of float32 would lose a part in 1e4."""
    case, loss = Case("multiclass", 4, (9, 9), samples=3), MSSSIMLoss(scale_weights=[0.0448])
    labels = case.labels()
    assert_equal_to_float64(loss, case.logits(scale=2.0).astype("float32"), labels)


@pytest.mark.parametrize(
    "case",
    [Case("multiclass", 3, (101, 157)), Case("binary", 1, (173, 96), samples=1), Case("multiclass", 2, (31, 30, 29))],
    ids=str,
)
def test_same_bits_on_any_number_of_threads(monkeypatch, case):
    labels = case.labels()
    assert_same_on_any_number_of_threads(monkeypatch, MSSSIMLoss(), _drawn(case, labels), labels)
