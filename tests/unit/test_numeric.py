"""Arithmetic that losses are made of, where Paddle's own operators surprise."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryLoss, CrossEntropyLoss, DiceLoss, GeneralizedDiceLoss, kernels, numeric
from tests.laws.cases import BACKENDS


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_but_zero_is_taken_for_zero(dtype):
    """Paddle's == calls numbers equal that differ by little: by 1e-15 on a CPU in 3.3.1."""
    b = paddle.to_tensor([0.0, 1e-10, 1e-18, 1e-30], dtype)
    np.testing.assert_array_equal(numeric.safe_divide(b, b), [0, 1, 1, 1])
    np.testing.assert_array_equal(numeric.smooth_divide(b, b, 0.0), [0, 1, 1, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("loss", [CrossEntropyLoss(), DiceLoss(smooth=0.0), GeneralizedDiceLoss(smooth=0.0)], ids=repr)
def test_a_unit_of_weights_does_not_matter(loss, backend, dtype):
    """Weights of pixels may be as small as they like: what matters is how they compare."""
    rng = np.random.default_rng(0)
    logits = paddle.to_tensor(rng.normal(size=(2, 3, 5, 7)), dtype)
    labels, weight = paddle.to_tensor(rng.integers(0, 3, (2, 5, 7))), rng.random((2, 5, 7))
    with kernels.use_kernels(backend):
        one, other = (
            float(loss(logits, labels, pixel_weight=paddle.to_tensor(weight * unit, dtype))) for unit in (1.0, 2.0**-64)
        )
    assert one > 0.1
    assert other == pytest.approx(one, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_unit_of_length_does_not_matter(backend, dtype):
    rng = np.random.default_rng(0)
    logits, labels = (
        paddle.to_tensor(rng.normal(size=(2, 3, 5, 7)), dtype),
        paddle.to_tensor(rng.integers(0, 3, (2, 5, 7))),
    )
    with kernels.use_kernels(backend):
        one, other = (float(BoundaryLoss(spacing=unit)(logits, labels)) for unit in (1.0, 2.0**-64))
    assert abs(one) > 0.01
    assert other == pytest.approx(one * 2.0**-64, rel=1e-6, abs=0)
