"""Sums over soft skeletons in native code: clDice equals the composed one."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import SoftCLDiceLoss, kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional import centerline
from paddleseg_losses.kernels.centerline import centerline_sums
from tests.kernels.problems import task
from tests.laws.cases import CASES, IGNORED, Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (263, 301), samples=1),
    Case("multiclass", 5, (5001,), samples=1),
    Case("multiclass", 300, (21, 16), samples=1),
    Case("multiclass", 4, (13, 17, 19)),
    Case("multilabel", 3, (31, 57)),
    Case("multiclass", 3, (1, 19)),
    Case("binary", 1, (1, 40, 1)),
]
SHAPES = [(2, 3, 1), (1, 2, 90), (2, 1, 1, 7), (2, 3, 37, 52), (1, 2, 5, 9, 7), (2, 1, 2, 1, 3), (1, 1, 40, 200)]
OPTIONS = [{}, {"iters": 0}, {"iters": 2, "include_background": False, "smooth": 0.1}]


def _blocks(case):
    """Labels in thick regions, which erosions leave something of, and ignored pixels."""
    rng, labels = np.random.default_rng(1), case.labels()
    for axis, size in enumerate(labels.shape[-len(case.space) :], start=labels.ndim - len(case.space)):
        labels = labels.take(np.arange(size) // 7, axis=axis)
    return np.where(rng.random(labels.shape) < 0.01, IGNORED, labels)


@pytest.mark.parametrize(("case", "blocks"), [(s, False) for s in CASES] + [(s, True) for s in LARGE], ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equal_to_the_composed_path(case, blocks, options):
    logits, labels, results = case.logits(dtype="float32"), _blocks(case) if blocks else case.labels(), []
    for mode in ("native", "composed"):
        with kernels.use_kernels(mode):
            results.append(value_and_gradient(SoftCLDiceLoss(**options), logits, labels))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-4, atol=1e-5 * np.abs(results[1][1]).max())


def _halves_ties():
    """Whether this Paddle gives each of two equal numbers half of a maximum's gradient, as the kernel does."""
    one, other = (paddle.to_tensor(1.0, stop_gradient=False) for _ in range(2))
    paddle.maximum(one, other).backward()
    return float(one.grad) == 0.5


def _sums_and_gradient(mode, p, labels, iterations):
    """The sums of given probabilities, and the gradient of a mixture of them."""
    p = paddle.to_tensor(p, stop_gradient=False)
    with kernels.use_kernels(mode):
        inputs = SoftCLDiceLoss(from_logits=False).prepare(p, paddle.to_tensor(labels))
        sums = centerline.centerline_sums(inputs, 0, iterations)
        sum(factor * x.sum() for factor, x in zip((0.7, -1.3, 0.4, 1.1), sums)).backward()
    return np.stack([x.numpy() for x in sums]), p.grad.numpy()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("iterations", [0, 1, 4])
@pytest.mark.parametrize("levels", [None, 3, 1], ids=["distinct", "ties", "constant"])
def test_ties_of_probabilities(shape, iterations, levels):
    rng = np.random.default_rng(0)
    p = (rng.random(shape) if levels is None else rng.integers(0, levels, shape) / 2).astype("float32")
    labels = rng.integers(0, 2, shape)
    native, composed = (_sums_and_gradient(mode, p, labels, iterations) for mode in ("native", "composed"))
    np.testing.assert_allclose(native[0], composed[0], rtol=1e-5, atol=1e-6)
    if levels is None or _halves_ties():
        np.testing.assert_allclose(native[1], composed[1], rtol=1e-5, atol=1e-6)
    else:  # all of it goes to one of the two: what is passed on is the same
        np.testing.assert_allclose(native[1].sum(), composed[1].sum(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "case", [Case("multiclass", 3, (151, 223), samples=1), Case("binary", 1, (150, 15, 17), samples=1)], ids=str
)
def test_same_bits_on_any_number_of_threads(case, monkeypatch):
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(SoftCLDiceLoss(iters=1), case.logits(dtype="float32"), _blocks(case)))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


def test_nan_is_seen():
    p = paddle.full([1, 2, 5], 0.5)
    p[0, 1, 2] = float("nan")
    assert centerline_sums(task(p, paddle.zeros([1, 1, 5], "int64"), False), 0, 2).isnan().any()


def test_second_derivatives_are_refused():
    x = paddle.rand([1, 1, 9, 8])
    x.stop_gradient = False
    sums = centerline_sums(task(x, paddle.zeros([1, 1, 9, 8], "int64"), False), 0, 1)
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad(sums.sum(), x, create_graph=True)


@pytest.mark.parametrize(
    ("shape", "dtype", "iterations"),
    [((2, 3), "float32", 1), ((2, 3, 0), "float32", 1), ((2, 3, 4), "float64", 1), ((2, 3, 4), "float32", -1)],
)
def test_refuses_what_native_code_could_not_check(shape, dtype, iterations):
    labels = paddle.zeros([2, 1, *shape[2:]], "int64")
    with pytest.raises(KernelError):
        centerline_sums(task(paddle.zeros(shape, dtype), labels, False), 0, iterations)
