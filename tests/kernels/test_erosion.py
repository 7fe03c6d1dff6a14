"""Errors that survive erosions in native code: equal to the composed loss, in value and gradient, ties included."""

import numpy as np
import paddle
import pytest

from benchmarks.accuracy import errors
from benchmarks.parts import EXACT
from benchmarks.thresholds import GRADIENT_ERROR
from paddleseg_losses import HausdorffERLoss, kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.erosion import erosion_sums
from tests.kernels.problems import assert_refuses_second_derivatives, task
from tests.laws.cases import CASES, Case, supports, value_and_gradient, value_of

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (263, 301), samples=1),
    Case("multiclass", 5, (5001,), samples=1),
    Case("multiclass", 4, (13, 17, 19)),
    Case("multilabel", 3, (31, 57)),
    Case("multiclass", 3, (1, 1)),
    Case("binary", 1, (1, 40, 1)),
]
OPTIONS = [{}, {"alpha": 0.7, "erosions": 3, "include_background": False}, {"erosions": 1, "reduction": "none"}]


def _thick(case, seed=0):
    """Logits with errors so thick that they survive: blocks with slopes between them, and noise against near ties."""
    rng, axes = np.random.default_rng(seed), range(2, 2 + len(case.space))
    z = rng.normal(size=(case.samples, case.channels, *(-(-size // 9) for size in case.space))) * 4
    for axis in axes:
        z = z.repeat(9, axis=axis)
    z = z[(slice(None), slice(None), *(slice(size) for size in case.space))]
    for axis in axes:
        z = (z + np.roll(z, 1, axis) + np.roll(z, 2, axis)) / 3
    return (z + rng.normal(size=z.shape) / 2).astype("float32")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [s for s in [*CASES, *LARGE] if supports(HausdorffERLoss.spec, s)], ids=str)
@pytest.mark.parametrize("thick", [True, False], ids=["thick", "noise"])
def test_equal_to_the_composed_path(case, options, thick):
    logits, labels = _thick(case) if thick else case.logits(dtype="float32", scale=6), case.labels()
    value, gradient = value_and_gradient(HausdorffERLoss(**options), logits, labels)
    with kernels.use_kernels("composed"):
        expected, slope = value_and_gradient(HausdorffERLoss(**options), logits, labels)
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-5 * np.abs(slope).max())


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("shape", [(1, 1, 90), (1, 1, 40, 31), (1, 1, 9, 12, 11)], ids=str)
def test_ties_and_a_lowest_value_above_the_threshold(shape, ties):
    """Tied extremes: the value alone, as Paddle rounds equal means apart, so that another one has the slope."""
    rng = np.random.default_rng(0)
    p = np.where(rng.random(shape) < 0.1, 0.75, 1.0)  # b_1 is nowhere 0
    p[..., 0] = p[..., -1] = 1.0
    p = (p if ties else p - 0.01 * rng.random(shape)).astype("float32")
    labels, results = np.zeros(shape, "int64"), []
    for mode in ("native", "composed"):
        with kernels.use_kernels(mode):
            results.append(value_and_gradient(HausdorffERLoss(from_logits=False, erosions=4), p, labels))
    assert results[0][1].any()
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-4)
    if not ties:
        np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-3, atol=1e-4 * np.abs(results[1][1]).max())


@pytest.mark.parametrize("case", [Case("multiclass", 4, (151, 157)), Case("binary", 1, (300, 257), samples=3)], ids=str)
def test_same_bits_on_any_number_of_threads(case, monkeypatch):
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(HausdorffERLoss(), _thick(case), case.labels()))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


def test_value_alone_is_the_same_and_nan_is_seen():
    case = Case("multiclass", 3, (31, 57))
    logits, labels = _thick(case), case.labels()
    assert value_of(HausdorffERLoss(), logits, labels) == value_and_gradient(HausdorffERLoss(), logits, labels)[0] > 0
    p = paddle.full([1, 2, 5], float("nan"))
    assert erosion_sums(task(p, paddle.zeros([1, 1, 5], "int64"), False), 0, [1.0]).isnan().all()


def test_second_derivatives_are_refused():
    assert_refuses_second_derivatives(HausdorffERLoss(), (15, 17))


@pytest.mark.parametrize(("labels", "dtype"), [((2, 1, 6), "float32"), ((2, 1, 5), "float64")])
def test_refuses_what_native_code_could_not_check(labels, dtype):
    with pytest.raises(KernelError):
        erosion_sums(task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False), 0, [1.0])


def test_gradients_are_those_of_float64():
    """Each erosion takes half of a mean off: rounded means would leave three times what is allowed."""
    assert errors("HausdorffERLoss", EXACT)["gradient"] <= GRADIENT_ERROR
