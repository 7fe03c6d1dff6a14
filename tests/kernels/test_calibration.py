"""Histograms of probabilities in native code: value and gradient are those of the composed sums in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.calibration import bins_of, sums_of
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels.calibration import MOST, calibration_sums
from tests.kernels.problems import LARGE, problem, task
from tests.laws.cases import CASES, IGNORED, Case

pytestmark = pytest.mark.usefixtures("native")


def _upstream(sums, soft):
    """Where each pixel is in one bin, its share has no slope."""
    upstream = np.random.default_rng(3).normal(size=sums.shape)
    return upstream if soft else upstream * [1, 0]


def _native(logits, labels, sigmoid, bins, soft, weight=None):
    z = paddle.to_tensor(logits, stop_gradient=False)
    given = None if weight is None else paddle.to_tensor(weight)
    sums = calibration_sums(task(z, paddle.to_tensor(labels), sigmoid), bins, soft, given)
    sums.backward(paddle.to_tensor(_upstream(sums, soft), "float32"))
    return sums.numpy(), z.grad.numpy()


def _composed(logits, labels, sigmoid, bins, soft):
    z = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(task(z, paddle.to_tensor(labels), sigmoid))
    sums = paddle.stack(sums_of(inputs, bins_of(inputs, bins, soft), bins), axis=-1)
    sums.backward(paddle.to_tensor(_upstream(sums, soft)))
    return sums.numpy(), z.grad.numpy()


@pytest.mark.parametrize(("bins", "soft"), [(20, False), (20, True), (1, True), (MOST, False), (7, True)])
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
def test_equal_to_composed_in_float64(case, bins, soft):
    logits, labels = problem(case, ["int64", "int32", "uint8"][bins % 3])
    logits += 1e-3  # not on the edge of a bin
    sigmoid = case.mode != "multiclass"
    actual, expected = (f(logits, labels, sigmoid, bins, soft) for f in (_native, _composed))
    off = np.abs(actual[0] - expected[0])
    assert off.max() <= 1 + 1e-5 * np.abs(expected[0]).max()  # one of thousands may fall on the other side of an edge
    assert (off > 1e-5 * (1 + np.abs(expected[0]))).mean() <= (0 if labels.size < 1000 or soft else 1e-3)
    wrong = np.abs(actual[1] - expected[1]) > 1e-4 * np.abs(expected[1]).max()
    assert wrong.mean() <= (0 if labels.size < 1000 else 1e-3)
    assert not actual[1][np.broadcast_to(labels == IGNORED, logits.shape)].any()


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_weight_is_so_many_pixels(channels, soft):
    case = Case("binary" if channels == 1 else "multiclass", channels, (31,))
    logits, labels = problem(case)
    times = np.random.default_rng(4).integers(0, 4, 31)
    weight = np.broadcast_to(times.astype("float32"), (2, 1, 31)).copy()
    sums, _ = _native(logits, labels, channels == 1, 9, soft, weight)
    copies, _ = _native(np.repeat(logits, times, axis=-1), np.repeat(labels, times, axis=-1), channels == 1, 9, soft)
    np.testing.assert_allclose(sums, copies, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_logits_of_any_size(channels):
    """Ignored pixels may hold anything; NaN of others is seen."""
    logits = (300 * np.random.default_rng(0).normal(size=(2, channels, 700))).astype("float32")
    labels = np.zeros((2, 1, 700), "int64")
    labels[:, :, ::7] = IGNORED
    logits[:, :, ::14], logits[:, :, 7::14] = np.nan, np.inf
    sums, slope = _native(logits, labels, channels == 1, 20, True)
    assert np.isfinite(sums).all()
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(sums[..., 1].sum(-1), 600, rtol=1e-6)
    logits[0, :, 1] = np.nan
    assert np.isnan(_native(logits, labels, channels == 1, 20, False)[0][0]).any()


def test_same_bits_on_any_number_of_threads(monkeypatch):
    logits, labels = problem(Case("multiclass", 5, (301, 257)))
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(_native(logits, labels, False, 20, False))
    for sums, slope in results[1:]:
        assert np.array_equal(sums, results[0][0])
        assert np.array_equal(slope, results[0][1])


@pytest.mark.parametrize("bins", [0, MOST + 1])
def test_refuses_what_native_code_could_not_check(bins):
    with pytest.raises(KernelError):
        calibration_sums(task(paddle.zeros([2, 3, 5]), paddle.zeros([2, 1, 5], "int64"), False), bins, False)
