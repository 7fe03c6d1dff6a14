"""Structural similarity in native code: equal to the composed losses in float64, in value and gradient."""

import numpy as np
import pytest

from paddleseg_losses import MSSSIMLoss, SSIMLoss
from tests.laws.cases import CASES, Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (97, 61), samples=1),
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
    logits = _drawn(case, labels)
    value, gradient = value_and_gradient(cls(**options), logits, labels)
    expected, slope = value_and_gradient(cls(**options), logits.astype("float64"), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=2e-6 * np.abs(slope).max())


def test_same_bits_on_any_number_of_threads(monkeypatch):
    case = Case("multiclass", 3, (101, 157))
    labels = case.labels()
    found = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        found.append(value_and_gradient(MSSSIMLoss(), _drawn(case, labels), labels))
    assert found[0][1].any()
    for value, gradient in found[1:]:
        assert value == found[0][0]
        assert np.array_equal(gradient, found[0][1])
