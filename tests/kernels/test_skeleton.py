"""Soft skeletons in native code: equal to the composed ones, ties included."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.skeleton import soft_skeleton
from paddleseg_losses.kernels import skeleton

pytestmark = pytest.mark.usefixtures("native")

SHAPES = [(2, 3, 1), (1, 2, 90), (2, 1, 1, 7), (2, 3, 37, 52), (1, 2, 5, 9, 7), (2, 1, 2, 1, 3), (1, 1, 40, 200)]


def _both(mode, x, upstream, iterations):
    with kernels.use_kernels(mode):
        x = paddle.to_tensor(x, stop_gradient=False)
        found = soft_skeleton(x, iterations)
        found.backward(paddle.to_tensor(upstream))
    return found.numpy(), x.grad.numpy()


def _halves_ties():
    """Whether this Paddle gives each of two equal numbers half of a maximum's gradient, as the kernel does."""
    one, other = (paddle.to_tensor(1.0, stop_gradient=False) for _ in range(2))
    paddle.maximum(one, other).backward()
    return float(one.grad) == 0.5


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("iterations", [0, 1, 4])
@pytest.mark.parametrize("levels", [None, 3, 1], ids=["distinct", "ties", "constant"])
def test_equal_to_the_composed_path(shape, iterations, levels):
    rng = np.random.default_rng(0)
    x = (rng.random(shape) if levels is None else rng.integers(0, levels, shape) / 2).astype("float32")
    upstream = rng.normal(size=shape).astype("float32")
    found, composed = (_both(mode, x, upstream, iterations) for mode in ("native", "composed"))
    np.testing.assert_allclose(found[0], composed[0], rtol=1e-6, atol=1e-7)
    if levels is None or _halves_ties():
        np.testing.assert_allclose(found[1], composed[1], rtol=1e-5, atol=1e-6)
    else:  # all of it goes to one of the two: what is passed on is the same
        np.testing.assert_allclose(found[1].sum(), composed[1].sum(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 3, 150, 170), (1, 1, 330, 101), (1, 1, 140, 15, 17)], ids=str)
def test_same_bits_on_any_number_of_threads(shape, monkeypatch):
    rng = np.random.default_rng(0)
    x, upstream = (rng.random(shape).astype("float32") for _ in range(2))
    found = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        found.append(_both("native", x, upstream, 2))
    assert found[0][1].any()
    for other in found[1:]:
        assert all(np.array_equal(one, two) for one, two in zip(found[0], other))


def test_strided_maps():
    x = np.random.default_rng(0).random((2, 3, 21, 34)).astype("float32")
    turned = soft_skeleton(paddle.to_tensor(x).transpose([0, 1, 3, 2]), 2).numpy()
    expected = soft_skeleton(paddle.to_tensor(x.transpose(0, 1, 3, 2).copy()), 2).numpy()
    assert np.array_equal(turned, expected)


def test_second_derivatives_are_refused():
    x = paddle.rand([1, 1, 9, 8])
    x.stop_gradient = False
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad(soft_skeleton(x, 1).sum(), x, create_graph=True)


@pytest.mark.parametrize(
    ("shape", "dtype", "iterations"),
    [
        ((2, 3), "float32", 1),
        ((2, 3, 0), "float32", 1),
        ((0, 3, 5), "float32", 1),
        ((3, 0, 5), "float32", 1),
        ((2, 3, 4), "float64", 1),
        ((2, 3, 4), "float32", -1),
    ],
)
def test_refuses_what_native_code_could_not_check(shape, dtype, iterations):
    with pytest.raises(KernelError):
        skeleton.soft_skeleton(paddle.zeros(shape, dtype), iterations)
