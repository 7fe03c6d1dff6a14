"""The kernel of single pixels' values and their total: equal to sums, and its gradient to theirs."""

from functools import lru_cache

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, WeightedSumLoss, kernels
from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.kernels import error_sums as sums
from paddleseg_losses.kernels import pixelwise as kernel
from tests.kernels.problems import LARGE, problem, specs, task
from tests.laws.cases import Case

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)
# Large enough to be written past the caches, with rows that do and that do not begin at 16 bytes.
VAST = [
    Case("multiclass", 2, (1451, 1453), samples=1),
    Case("multiclass", 9, (683, 701), samples=1),
    Case("multiclass", 16, (512, 512), samples=1),
]
MIXED, PLAIN = (m.ERROR, m.focal(1.5)), (m.NLL,)


@lru_cache(maxsize=1)
def _arrays(case):
    """Logits, labels and a weight of each pixel."""
    logits, labels = problem(case)
    return logits, labels, np.random.default_rng(7).random(labels.shape).astype("float32")


def _task(case, weighted=False, functions=MIXED):
    """Tensors, moments that a pixel knows, coefficients, and a weight of each pixel."""
    logits, labels, pixel = _arrays(case)
    sigmoid = case.mode != "multiclass"
    wanted = [w for w in specs(sigmoid, list(functions)) if sigmoid or w.side == m.POSITIVE]
    factors = np.random.default_rng(6).random((case.samples, case.channels, len(wanted)))
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    return z, y, sigmoid, m.flat(wanted), factors, paddle.to_tensor(pixel) if weighted else None


def _by_sums(z, y, sigmoid, wanted, factors, pixel):
    """The same total from sums: where pixels have weights, each pixel is a sample."""
    factors = paddle.to_tensor(factors, "float32")
    if pixel is None:
        total = (sums.error_sums(task(z, y, sigmoid), wanted) * factors).sum()
    else:
        of_pixels = task(_each_pixel(z), _each_pixel(y), sigmoid)
        table = sums.error_sums(of_pixels, wanted) * _each_pixel(pixel)
        total = (table.reshape([z.shape[0], -1, *factors.shape[1:]]) * factors.unsqueeze(1)).sum()
    (slope,) = paddle.grad(total, z)
    return float(total), slope.numpy()


def _each_pixel(x):
    return x.flatten(2).transpose([0, 2, 1]).reshape([-1, x.shape[1], 1])


@pytest.mark.parametrize("case", LARGE, ids=str)
def test_values_of_pixels_and_their_gradient(case):
    z, y, sigmoid, wanted, factors, pixel = _task(case, weighted=True)
    columns = [(paddle.to_tensor(factors[..., k], "float64"), 1.0) for k in range(len(wanted))]
    map_ = kernel.pixel_values(task(z, y, sigmoid), wanted, columns)
    assert list(map_.shape) == list(y.shape)
    np.testing.assert_array_equal(map_.numpy()[y.numpy() == 255], 0)
    value, slope = _by_sums(z, y, sigmoid, wanted, factors, pixel)
    np.testing.assert_allclose(float((map_ * pixel).sum()), value, rtol=2e-6)
    (gradient,) = paddle.grad((map_ * pixel).sum(), z)
    np.testing.assert_allclose(gradient.numpy(), slope, rtol=0, atol=1e-6 * np.abs(slope).max())


@pytest.mark.parametrize("functions", [MIXED, PLAIN])
def test_channels_may_share_a_weight(functions):
    """One weight of each pixel is that weight for every channel."""
    z, y, sigmoid, wanted, factors, pixel = _task(Case("multilabel", 3, (13, 31)), True, functions)
    shared, results = pixel[:, :1], []
    for weight in (shared, shared.expand(pixel.shape)):
        total = kernel.pixel_total(task(z, y, sigmoid), wanted, factors, weight=weight)
        results.append((float(total), paddle.grad(total, z)[0].numpy()))
    assert results[0][0] == results[1][0] > 0
    np.testing.assert_array_equal(results[0][1], results[1][1])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("functions", [MIXED, PLAIN, (m.ERROR,)])
@pytest.mark.parametrize("case", [*LARGE, *VAST], ids=str)
def test_the_total_is_that_of_sums(case, functions, weighted):
    z, y, sigmoid, wanted, factors, pixel = _task(case, weighted, functions)
    value, slope = _by_sums(z, y, sigmoid, wanted, factors, pixel)
    total = kernel.pixel_total(task(z, y, sigmoid), wanted, factors, weight=pixel)
    np.testing.assert_allclose(float(total), value, rtol=1e-6)
    # The first gradient was made with the value; a second one is made anew, since the first has an owner.
    (first,) = paddle.grad(total, z, retain_graph=True)
    kept = first.numpy()
    first.zero_()
    (second,) = paddle.grad(total, z, retain_graph=True)
    (halved,) = paddle.grad(total * 0.5, z)
    np.testing.assert_allclose(kept, slope, rtol=0, atol=1e-6 * np.abs(slope).max())
    np.testing.assert_array_equal(second.numpy(), kept)
    np.testing.assert_array_equal(halved.numpy(), kept * np.float32(0.5))


@pytest.mark.parametrize("functions", [MIXED, PLAIN])
@pytest.mark.parametrize("case", LARGE[:3], ids=str)
def test_a_coefficient_of_no_pixel_may_be_anything(case, functions):
    z, y, sigmoid, wanted, factors, _ = _task(case, functions=functions)
    present = 0 if sigmoid else 1
    labels = paddle.where(y == 255, y, paddle.full_like(y, present))
    assert (y == 255).any()  # left-out pixels have no coefficient either
    absent = [0] if sigmoid else [k for k in range(case.channels) if k != present]
    totals, slopes = [], []
    for factor in (0.0, np.inf):  # of the OWN pixels of classes that have none
        factors[:, absent, : len(functions)] = factor
        total = kernel.pixel_total(task(z, labels, sigmoid), wanted, factors)
        totals.append(float(total))
        slopes.append(paddle.grad(total, z)[0].numpy())
    assert totals[0] == totals[1] > 0
    np.testing.assert_array_equal(slopes[1], slopes[0])


def test_no_gradient_is_made_that_nobody_wants():
    z, y, sigmoid, wanted, factors, _ = _task(LARGE[2])
    expected = float(kernel.pixel_total(task(z, y, sigmoid), wanted, factors))
    assert float(kernel.pixel_total(task(z, y, sigmoid), wanted, factors, differentiable=False)) == expected
    assert kernel.pixel_total(task(z.detach(), y, sigmoid), wanted, factors).stop_gradient


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    z, y, sigmoid, wanted, factors, pixel = _task(Case("multiclass", 7, (211, 307)), weighted=True)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        total = kernel.pixel_total(task(z, y, sigmoid), wanted, factors, weight=pixel)
        results.append((float(total), paddle.grad(total, z)[0].numpy()))
    for value, slope in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(slope, results[0][1])


def test_terms_share_a_pass_or_make_their_gradient_in_one(monkeypatch):
    """Alone a cross entropy is one pass; beside Dice its sums come from the pass of Dice."""
    calls = []
    for module, name in ((kernel, "pixel_total"), (sums, "error_sums")):
        native = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, name=name, native=native, **k: calls.append(name) or native(*a, **k)
        )
    logits, labels = problem(Case("multiclass", 3, (9, 8)))
    for types, expected in (
        (["CrossEntropyLoss"], ["pixel_total"]),
        (["CrossEntropyLoss", "DiceLoss"], ["error_sums"]),
    ):
        loss = WeightedSumLoss(losses=[{"type": name} for name in types])
        calls.clear()
        loss(paddle.to_tensor(logits), paddle.to_tensor(labels))
        assert calls == expected


def test_a_scaled_loss_has_a_scaled_gradient():
    """What a coefficient in a configuration, or gradient scaling, does."""
    logits, labels = problem(Case("multiclass", 5, (67, 71)))
    slopes = []
    for factor in (1.0, -0.25, 0.0):
        z = paddle.to_tensor(logits, stop_gradient=False)
        (factor * CrossEntropyLoss()(z, paddle.to_tensor(labels))).backward()
        slopes.append(z.grad.numpy())
    np.testing.assert_array_equal(slopes[1], slopes[0] * np.float32(-0.25))
    np.testing.assert_array_equal(slopes[2], 0)
