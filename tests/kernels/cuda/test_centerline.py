"""Soft skeletons on a card: the sums and gradients of the composed path, to the end of SoftCLDiceLoss."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import SoftCLDiceLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels import centerline as on_host
from paddleseg_losses.kernels.cuda import centerline
from paddleseg_losses.kernels.cuda.centerline import centerline_sums
from tests.kernels.cuda import fake
from tests.kernels.cuda.agreement import TURN_ORDERS, assert_equal_to_float64, assert_same_bits
from tests.kernels.problems import task
from tests.kernels.regions import blocks_of
from tests.laws.cases import Case, value_and_gradient

CASES = [
    Case("binary", 1, (13, 9)),
    Case("multiclass", 2, (1, 23)),
    Case("multiclass", 3, (19,)),
    Case("multiclass", 3, (7, 8, 9)),
    Case("multilabel", 2, (8, 12)),
    Case("multiclass", 3, (1, 1)),
]
SHAPES = [(2, 3, 1), (1, 2, 30), (2, 2, 1, 7), (2, 3, 9, 14), (1, 2, 5, 9, 7), (2, 2, 2, 1, 3)]


@pytest.mark.parametrize("options", [{}, {"iters": 0}, {"iters": 2, "include_background": False}], ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_equal_to_float64(card, case, options):
    assert_equal_to_float64(SoftCLDiceLoss(**options), case.logits(), blocks_of(case))
    assert "centerline_sums" in card.names


def test_many_classes(card):
    """Skeletons of a few pixels: native code is 9e-6 off too, by the small sums that are divided."""
    case = Case("multiclass", 150, (4, 5), samples=1)
    assert_equal_to_float64(SoftCLDiceLoss(iters=1), case.logits(), case.labels(), gradient=2e-5)


def _sums_and_gradient(kernel, p, labels, iterations, skip=0):
    """The sums of signed probabilities, and the gradient of a mixture of them."""
    p = paddle.to_tensor(p, stop_gradient=False)
    sums = kernel(task(p, paddle.to_tensor(labels), p.shape[1] == labels.shape[1]), skip, iterations)
    (sums * paddle.to_tensor([0.7, -1.3, 0.4, 1.1], sums.dtype)).sum().backward()
    return sums.numpy(), p.grad.numpy()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("iterations", [0, 1, 4])
@pytest.mark.parametrize("levels", [None, 3, 1], ids=["distinct", "ties", "constant"])
def test_ties_are_split_as_by_native_code(shim, native, shape, iterations, levels):
    rng = np.random.default_rng(0)
    p = (rng.random(shape) if levels is None else rng.integers(0, levels, shape) / 2).astype("float32")
    labels = rng.integers(-1, 2, shape if shape[1] == 2 else (shape[0], 1, *shape[2:]))
    expected = _sums_and_gradient(on_host.centerline_sums, p, labels, iterations)
    with fake.on_card(shim):
        actual = _sums_and_gradient(centerline_sums, p, labels, iterations)
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=0, atol=1e-6 * np.abs(expected[1]).max())


def test_maps_may_come_in_several_parts(card, monkeypatch):
    rng = np.random.default_rng(0)
    p, labels = rng.random((2, 5, 6, 7)).astype("float32"), rng.integers(0, 5, (2, 1, 6, 7))
    expected = _sums_and_gradient(centerline_sums, p, labels, 2, skip=1)
    assert not expected[0][:, 0].any()
    assert not expected[1][:, 0].any()
    monkeypatch.setattr(centerline, "ROOM", 1)
    card.launches.clear()
    assert_same_bits([expected, _sums_and_gradient(centerline_sums, p, labels, 2, skip=1)])
    assert card.names.count("centerline_gradient") == 8


def test_nan_is_seen(card):
    p = paddle.full([1, 2, 5], 0.5)
    p[0, 1, 2] = float("nan")
    assert np.isnan(centerline_sums(task(p, paddle.zeros([1, 1, 5], "int64")), 0, 2).numpy()).any()


def test_nothing_counts(card):
    labels = np.full((1, 1, 4, 5), 255, "uint8")
    sums, gradient = _sums_and_gradient(centerline_sums, np.zeros((1, 2, 4, 5), "float32"), labels, 2)
    assert not sums.any()
    assert not gradient.any()


def test_the_same_in_any_order_of_the_threads(shim):
    case, results = Case("multiclass", 3, (37, 41), samples=1), []
    for order in TURN_ORDERS:
        with fake.on_card(shim, order):
            results.append(value_and_gradient(SoftCLDiceLoss(iters=1), case.logits(dtype="float32"), blocks_of(case)))
    assert_same_bits(results)


def test_a_number_of_erosions_that_no_memory_holds(card):
    with pytest.raises(KernelError, match="-1 erosions"):
        centerline_sums(task(paddle.zeros([1, 2, 4]), paddle.zeros([1, 1, 4], "int64")), 0, -1)
