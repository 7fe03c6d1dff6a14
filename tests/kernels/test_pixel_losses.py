"""The kernels of recall, margin and spatial label smoothing: equal to NumPy in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.functional.spatial_smoothing import mixed_labels, step_weights
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels.label_means import label_means
from paddleseg_losses.kernels.margin import margin_total
from paddleseg_losses.kernels.misses import label_misses
from paddleseg_losses.problem import Problem
from tests.kernels.problems import LARGE, problem, task

pytestmark = pytest.mark.usefixtures("native")


def tensors(case, dtype="int64"):
    """Logits with a NaN where a pixel is ignored, and labels, as arrays and as a problem."""
    logits, labels = problem(case, dtype)
    ignored = np.broadcast_to(labels == 255, logits.shape)
    logits[ignored] = np.nan
    z = paddle.to_tensor(logits, stop_gradient=False)
    return logits, labels, z, task(z, paddle.to_tensor(labels), case.mode != "multiclass")


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_misses(case, dtype):
    logits, labels, _, given = tensors(case, dtype)
    valid = labels != 255
    axes = (0, *range(2, logits.ndim))
    if case.mode == "multiclass":
        wrong = valid & (np.nan_to_num(logits).argmax(axis=1, keepdims=True) != labels)
        expected = [[(wrong & (labels == c)).sum() for c in range(case.channels)], [0] * case.channels]
    else:
        said = np.nan_to_num(logits) > 0
        expected = [(valid & (labels == 1) & ~said).sum(axis=axes), (valid & (labels == 0) & said).sum(axis=axes)]
    np.testing.assert_array_equal(label_misses(given), expected)


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


@pytest.mark.parametrize(("half", "sigma"), [(1, 1.0), (3, 0.2), (90, 25.0)])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_label_means(case, half, sigma):
    logits, labels, _, given = tensors(case)
    steps = step_weights(sigma, max(given.reach(half), 1), half)
    exact = Problem(paddle.to_tensor(np.nan_to_num(logits).astype("float64")), given.labels, given.mode)
    expected = mixed_labels(Inputs(exact), *steps).numpy()
    found = label_means(given, *steps).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
    assert (found == 255).sum() == np.broadcast_to(labels == 255, logits.shape).sum()
