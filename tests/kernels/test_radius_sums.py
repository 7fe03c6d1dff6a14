"""Skeletons weighted by radii in native code: cbDice equals the composed one."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import CBDiceLoss, kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.radius_sums import radius_sums
from tests.kernels.problems import task
from tests.kernels.regions import LARGE, blocks_of
from tests.laws.cases import CASES, IGNORED, Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")
OPTIONS = [{}, {"iters": 0}, {"iters": 2, "include_background": True, "smooth": 0.1, "cap": False}]


def _nearly_right(case, labels, seed=3):
    """Logits that say mostly what the labels say, so that regions overlap."""
    noise = case.logits(seed=seed, dtype="float32", scale=1.5)
    return noise + case.perfect(labels, size=1.0).astype("float32")


@pytest.mark.parametrize(("case", "blocks"), [(s, False) for s in CASES] + [(s, True) for s in LARGE], ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equal_to_the_composed_path(case, blocks, options):
    labels, results = blocks_of(case) if blocks else case.labels(), []
    logits = _nearly_right(case, labels)
    for mode in ("native", "composed"):
        with kernels.use_kernels(mode):
            results.append(value_and_gradient(CBDiceLoss(**options), logits, labels))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-4, atol=1e-5 * np.abs(results[1][1]).max())


def test_a_region_that_fills_the_image():
    labels = np.ones((2, 9, 8), "int64")
    labels[1, 0, 0] = IGNORED
    logits = np.full((2, 1, 9, 8), 2.0, "float32")
    results = []
    for mode in ("native", "composed"):
        with kernels.use_kernels(mode):
            results.append(value_and_gradient(CBDiceLoss(cap=False, reduction="sum"), logits, labels))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(
    "case", [Case("multiclass", 3, (151, 223), samples=1), Case("binary", 1, (50, 15, 17))], ids=str
)
def test_same_bits_on_any_number_of_threads(case, monkeypatch):
    labels, results = blocks_of(case), []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(CBDiceLoss(), _nearly_right(case, labels), labels))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


def test_given_shares_of_which_two_exceed_a_half():
    """By rounding of their sum; then regions overlap, which one map of labels cannot hold."""
    case = Case("multiclass", 2, (9, 8))
    p = np.full((2, 2, *case.space), 0.504, "float32")
    labels, results = case.labels(ignored=0), []
    for mode in ("native", "composed"):
        with kernels.use_kernels(mode):
            results.append(value_and_gradient(CBDiceLoss(from_logits=False, include_background=True), p, labels))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5, atol=1e-9)


def test_nan_is_seen():
    p = paddle.full([1, 2, 5], 0.25)
    p[0, 1, 2] = float("nan")
    sums = radius_sums(task(p, paddle.zeros([1, 1, 5], "int64"), False), 0, 2).isnan().all(axis=-1)
    assert sums.numpy().tolist() == [[False, True]]


@pytest.mark.parametrize("mode", ["native", "composed"])
@pytest.mark.parametrize("cap", [True, False])
def test_nan_is_not_cut_off(mode, cap):
    case = Case("multiclass", 3, (9, 8))
    logits = case.logits(dtype="float32")
    logits[1, 2, 3, 4] = np.nan
    labels = paddle.to_tensor(case.labels(ignored=0))
    with kernels.use_kernels(mode):
        found = CBDiceLoss(cap=cap, reduction="none")(paddle.to_tensor(logits), labels)
    assert np.isnan(found.numpy()).tolist() == [[False] * 2, [True] * 2]


def test_second_derivatives_are_refused():
    x = paddle.rand([1, 1, 9, 8])
    x.stop_gradient = False
    sums = radius_sums(task(x, paddle.zeros([1, 1, 9, 8], "int64"), False), 0, 1)
    with pytest.raises(OSError, match="Second derivatives"):  # how Paddle wraps it
        paddle.grad(sums.sum(), x, create_graph=True)


@pytest.mark.parametrize(("shape", "dtype"), [((2, 3), "float32"), ((2, 3, 0), "float32"), ((2, 3, 4), "float64")])
def test_refuses_what_native_code_could_not_check(shape, dtype):
    labels = paddle.zeros([2, 1, *shape[2:]], "int64")
    with pytest.raises(KernelError):
        radius_sums(task(paddle.zeros(shape, dtype), labels, False), 0, 3)
