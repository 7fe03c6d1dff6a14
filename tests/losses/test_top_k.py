"""Top-k cross entropy by a threshold: which pixels it keeps, on every backend."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import TopKCrossEntropyLoss, kernels
from paddleseg_losses.testing.cases import CASES, value_and_gradient
from tests.laws.cases import BACKENDS
from tests.reference import REFERENCE


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_pixels_below_a_threshold(case, backend):
    logits, labels = case.logits(dtype="float32"), case.labels()
    weight = [0.5, 2.0, 1.25][: case.channels]
    pixels = np.random.default_rng(3).random((case.samples, *case.space)).astype("float32")
    for threshold, least in ((0.4, 0), (0.4, 5), (0.01, 7), (1e-6, 0), (0.3, 10**6)):
        options = {"threshold": threshold, "min_kept": least, "weight": weight}
        with kernels.use_kernels(backend):
            loss = TopKCrossEntropyLoss(**options)
            value, gradient = value_and_gradient(loss, logits, labels, pixel_weight=paddle.to_tensor(pixels))
        expected = REFERENCE["TopKCrossEntropyLoss"](logits, labels, pixel_weight=pixels, **options)
        np.testing.assert_allclose(value, expected, rtol=2e-6, err_msg=str(options))
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_threshold_near_1_is_exact(backend):
    """All float32 have the probability 1 where the error is below 6e-8, and yet differ from it."""
    logits, labels = np.array([[[[9.0, 17.0, 25.0, 150.0]]]], "float32"), np.ones((1, 1, 4), "int64")
    with kernels.use_kernels(backend):
        for threshold, kept in ((1.0, 4), (1 - 1e-10, 2), (1 - 1e-5, 1)):
            value, gradient = value_and_gradient(TopKCrossEntropyLoss(threshold=threshold), logits, labels)
            np.testing.assert_allclose(value, np.exp(-logits.ravel()[:kept].astype("float64")).mean(), rtol=1e-4)
            assert np.count_nonzero(gradient) == min(kept, 3)  # e^-150 is 0 in float32


def test_without_a_pixel_below_the_threshold_the_loss_is_0():
    z = paddle.to_tensor([[[[9.0, 9.0]]]], stop_gradient=False)
    value = TopKCrossEntropyLoss(threshold=0.5)(z, paddle.to_tensor([[[1, 1]]]))
    value.backward()
    assert float(value) == 0
    assert not z.grad.numpy().any()
