"""The kernel of logits beyond a margin: equal to NumPy in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.kernels.margin import margin_total
from tests.kernels.problems import LARGE, tensors

pytestmark = pytest.mark.usefixtures("native")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("margin", [0.0, 1.5])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_margin(case, margin, weighted):
    logits, labels, z, given = tensors(case)
    factor = (labels != 255).astype("float64")
    weight = np.random.default_rng(3).random((case.samples, 1, *case.space)).astype("float32") if weighted else None
    factor = factor * weight if weighted else factor
    x = np.where(factor > 0, logits, 0).astype("float64")
    if case.mode == "multiclass":
        gap = x.max(axis=1, keepdims=True) - x - margin
        value, below = np.maximum(gap, 0).mean(axis=1, keepdims=True), (gap > 0).astype("float64")
        top = x.argmax(axis=1, keepdims=True) == np.arange(case.channels).reshape(1, -1, *[1] * len(case.space))
        slope = (top * below.sum(axis=1, keepdims=True) - below) / case.channels
    else:
        value, slope = np.maximum(np.abs(x) - margin, 0) / 2, np.sign(x) * (np.abs(x) > margin) / 2
    total = margin_total(given, margin, None if weight is None else paddle.to_tensor(weight))
    (2 * total).backward()
    np.testing.assert_allclose(float(total), (factor * value).sum(), rtol=1e-6)
    np.testing.assert_allclose(z.grad.numpy(), 2 * factor * slope, rtol=1e-6, atol=1e-7)
