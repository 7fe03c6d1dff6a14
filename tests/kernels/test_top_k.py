"""The kernel that chooses the largest values: equal to a stable sort, on any number of threads."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import errors, kernels
from paddleseg_losses.kernels.top_k import keep_top_k
from paddleseg_losses.problem import Problem

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)


def _largest(values, labels, percent):
    """Of five classes."""
    scores = paddle.zeros([values.shape[0], 5, *values.shape[2:]])
    return keep_top_k(Problem(scores, labels, "multiclass"), values, percent)


def _expected(values, labels, percent):
    valid = labels < 5
    count = max(int(valid.sum() * percent / 100), 1)
    order = np.argsort(np.where(valid, -values, np.inf).ravel(), kind="stable")
    chosen = np.zeros(values.size, "float32")
    chosen[order[:count]] = 1
    return np.where(chosen.reshape(values.shape) * valid, labels, 255)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize("percent", [1e-6, 0.5, 10.0, 99.9, 100.0])
@pytest.mark.parametrize("kind", ["random", "ties", "zeros", "huge"])
def test_equal_to_a_stable_sort(kind, percent, threads, dtype, monkeypatch):
    monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
    rng = np.random.default_rng(0)
    shape = (3, 1, 211, 331)
    values = {
        "random": rng.exponential(size=shape),
        "ties": rng.integers(0, 4, shape) / 7,
        "zeros": np.zeros(shape),
        "huge": 10.0 ** rng.integers(-40, 38, shape),
    }[kind].astype("float32")
    labels = rng.integers(0, 5, shape).astype(dtype)
    labels[rng.random(shape) < 0.2] = 255
    labels[rng.random(shape) < 0.01] = 9  # out of range
    actual = _largest(paddle.to_tensor(values), paddle.to_tensor(labels), percent).numpy()
    np.testing.assert_array_equal(actual, _expected(values, labels, percent))


def test_nothing_counts():
    values, labels = paddle.ones([1, 1, 3, 5]), paddle.full([1, 1, 3, 5], 255, "int64")
    assert (_largest(values, labels, 10.0).numpy() == 255).all()


def test_nan_is_seen():
    values = np.ones((1, 1, 3, 5), "float32")
    values[0, 0, 1, 1] = np.nan
    chosen = _largest(paddle.to_tensor(values), paddle.zeros([1, 1, 3, 5], "int64"), 7.0).numpy() == 0
    assert chosen.sum() == chosen[0, 0, 1, 1] == 1


def test_shapes_are_checked():
    with pytest.raises(errors.KernelError):
        _largest(paddle.ones([1, 1, 3, 5]), paddle.zeros([1, 1, 3, 4], "int64"), 10.0)
