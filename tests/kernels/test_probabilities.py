"""Softmax and sigmoids in native code: equal to float64, 0 where a pixel is ignored, and so is their gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.probabilities import folded_probabilities, probabilities
from tests.kernels.problems import LARGE, problem, task
from tests.laws.cases import CASES, IGNORED, Case

pytestmark = pytest.mark.usefixtures("native")


def _value_and_gradient(logits, labels, sigmoid, upstream):
    z = paddle.to_tensor(logits, stop_gradient=False)
    p = probabilities(task(z, paddle.to_tensor(labels), sigmoid))
    p.backward(paddle.to_tensor(upstream))
    return p.numpy(), z.grad.numpy()


def _in_float64(logits, labels, sigmoid, upstream):
    z, u, kept = logits.astype("float64"), upstream.astype("float64"), labels != IGNORED
    if sigmoid:
        p = np.where(kept, np.exp(-np.logaddexp(0, -z)), 0)
        return p, u * p * np.where(kept, 1 - p, 0)
    p = np.where(kept, np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True)), 0)
    return p, p * (u - (u * p).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
def test_equal_to_float64(case, dtype):
    logits, labels = problem(case, dtype)
    sigmoid = case.mode != "multiclass"
    upstream = np.random.default_rng(2).normal(size=logits.shape).astype("float32")
    actual = _value_and_gradient(logits, labels, sigmoid, upstream)
    expected = _in_float64(logits, labels, sigmoid, upstream)
    np.testing.assert_allclose(actual[0], expected[0], rtol=2e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-4, atol=1e-6)
    assert not actual[0][np.broadcast_to(labels == IGNORED, logits.shape)].any()


@pytest.mark.parametrize("channels", [1, 2, 5, 40])
def test_logits_of_any_size(channels):
    """Hundreds apart neither overflow nor lose the sum of 1; ignored pixels may hold anything."""
    rng = np.random.default_rng(0)
    logits = (300 * rng.normal(size=(2, channels, 700))).astype("float32")
    labels = np.zeros((2, 1, 700), "int64")
    labels[:, :, ::7] = IGNORED
    logits[:, :, ::14], logits[:, :, 7::14] = np.nan, np.inf
    p, slope = _value_and_gradient(logits, labels, channels == 1, np.ones_like(logits))
    assert np.isfinite(p).all()
    assert np.isfinite(slope).all()
    assert not p[:, :, ::7].any()
    assert not slope[:, :, ::7].any()
    if channels > 1:
        kept = labels[:, 0] != IGNORED
        np.testing.assert_allclose(p.sum(axis=1)[kept], 1.0, rtol=1e-6)


@pytest.mark.parametrize("case", [Case("multiclass", 5, (301, 257)), Case("multilabel", 3, (301, 257))], ids=str)
def test_same_bits_on_any_number_of_threads_and_of_strides(case, monkeypatch):
    logits, labels = problem(case)
    sigmoid, results = case.mode != "multiclass", []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(_value_and_gradient(logits, labels, sigmoid, logits))
    for p, slope in results[1:]:
        assert np.array_equal(p, results[0][0])
        assert np.array_equal(slope, results[0][1])
    turned = paddle.to_tensor(logits.transpose(0, 1, 3, 2).copy()).transpose([0, 1, 3, 2])
    assert np.array_equal(probabilities(task(turned, paddle.to_tensor(labels), sigmoid)).numpy(), results[0][0])


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("channels", [2, 3, 12])
def test_a_certain_pixel_has_a_probability_of_1(channels, right):
    """Exactly, so that a perfect prediction costs nothing, and what is multiplied with 1 - p vanishes."""
    logits = np.zeros((1, channels, 999), "float32")
    logits[:, 1] = np.linspace(20, 50, 999)
    labels = paddle.full([1, 1, 999], int(right), "int64")
    np.testing.assert_array_equal(probabilities(task(paddle.to_tensor(logits), labels, False)).numpy()[:, 1], 1)


@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
def test_folded_ones_have_all_digits(case):
    """On both sides of 1/2, in right classes and wrong ones."""
    logits, labels = problem(case)
    logits = logits * 6
    sigmoid = case.mode != "multiclass"
    p = _in_float64(logits, labels, sigmoid, logits)[0]
    z = logits.astype("float64")
    if sigmoid:
        q = np.exp(-np.logaddexp(0, z))
    else:
        share = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
        q = np.stack([np.delete(share, c, axis=1).sum(axis=1) for c in range(z.shape[1])], axis=1)
    folded = folded_probabilities(task(paddle.to_tensor(logits), paddle.to_tensor(labels), sigmoid)).numpy()
    np.testing.assert_allclose(folded, np.where(p > 0.5, -q, p), rtol=2e-5, atol=1e-35)
    assert (np.signbit(folded) == (p > 0.5)).all()


def test_nan_is_seen():
    logits = paddle.zeros([1, 3, 9])
    logits[0, 1, 4] = float("nan")
    p = probabilities(task(logits, paddle.zeros([1, 1, 9], "int64"), False)).numpy()
    assert np.isnan(p[0, :, 4]).all()
    assert not np.isnan(np.delete(p, 4, axis=2)).any()


def test_second_derivatives_are_refused():
    z = paddle.rand([1, 2, 9])
    z.stop_gradient = False
    p = probabilities(task(z, paddle.zeros([1, 1, 9], "int64"), False))
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad((p * p).sum(), z, create_graph=True)


@pytest.mark.parametrize(("labels", "dtype"), [((2, 1, 6), "float32"), ((2, 3, 5), "float32"), ((2, 1, 5), "float64")])
def test_refuses_what_native_code_could_not_check(labels, dtype):
    with pytest.raises(KernelError):
        probabilities(task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False))
