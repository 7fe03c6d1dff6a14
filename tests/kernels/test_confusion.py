"""The kernel of confusion prices: equal to float64 NumPy, value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import errors, kernels
from paddleseg_losses.kernels.confusion import confusion_sums
from tests.kernels.problems import LARGE, problem, task

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)
MULTICLASS = [case for case in LARGE if case.mode == "multiclass"]


def _task(case):
    logits, labels = problem(case)
    rng = np.random.default_rng(4)
    matrix = rng.random((case.channels, case.channels)) * (1 - np.eye(case.channels))
    return logits, labels, matrix, rng.normal(size=(case.samples, case.channels))


def _expected(logits, labels, matrix, upstream):
    """Sums and gradient in float64."""
    z = logits.reshape(*logits.shape[:2], -1).astype("float64")
    y = labels.reshape(len(z), -1).astype("int64")
    p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
    rows = np.moveaxis(matrix[np.where(y == 255, 0, y)], -1, 1) * (y != 255)[:, None]  # [n, k, s]
    price = (rows * p).sum(axis=1)
    sums = np.stack([(price * (y == k)).sum(axis=1) for k in range(matrix.shape[0])], axis=1)
    force = np.take_along_axis(upstream, np.where(y == 255, 0, y), axis=1) * (y != 255)
    return sums, (force[:, None] * p * (rows - price[:, None])).reshape(logits.shape)


@pytest.mark.parametrize("case", MULTICLASS, ids=str)
def test_equal_to_float64(case):
    logits, labels, matrix, upstream = _task(case)
    sums, slope = _expected(logits, labels, matrix, upstream)
    z = paddle.to_tensor(logits, stop_gradient=False)
    actual = confusion_sums(task(z, paddle.to_tensor(labels), False), matrix)
    np.testing.assert_allclose(actual.numpy(), sums, rtol=1e-6, atol=1e-7 * sums.max())
    (actual * paddle.to_tensor(upstream, "float32")).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), slope, rtol=0, atol=2e-6 * np.abs(slope).max())


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    logits, labels, matrix, _ = _task(MULTICLASS[1])
    results = []
    for threads in ("1", "3"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        z = paddle.to_tensor(np.tile(logits, (1, 1, 9)), stop_gradient=False)
        sums = confusion_sums(task(z, paddle.to_tensor(np.tile(labels, (1, 1, 9))), False), matrix)
        results.append((sums.numpy(), paddle.grad(sums.sum(), z)[0].numpy()))
    for one, several in zip(*results):
        assert np.array_equal(one, several)


def test_shapes_are_checked():
    z, y = paddle.zeros([2, 3, 4, 5]), paddle.zeros([2, 1, 4, 5], "int64")
    with pytest.raises(errors.KernelError, match=r"\[2, 2\]"):
        confusion_sums(task(z, y, False), np.zeros((2, 2)))
    with pytest.raises(errors.KernelError):
        confusion_sums(task(z, y[:, :, :2], False), np.zeros((3, 3)))
