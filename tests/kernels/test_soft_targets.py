"""The kernel of soft targets: equal to float64, and every loss that stands on it equal to its composed self."""

from functools import lru_cache

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels, registry
from paddleseg_losses.functional import pixelwise, soft_targets
from paddleseg_losses.kernels.soft_targets import SUMS, check_soft_targets, soft_sums
from tests.kernels.soft import SIZES, SLOPED, definition, problem, task
from tests.laws.cases import CASES, Case, each_case, has, make, possible, takes_weights, weights

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)


@pytest.mark.parametrize("case", SIZES, ids=str)
def test_sums_and_gradients_are_those_of_float64(case):
    logits, targets, left_out = problem(case)
    z = paddle.to_tensor(logits, stop_gradient=False)
    table = soft_sums(task(z, paddle.to_tensor(targets), case.mode))
    exact = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    expected, near = definition(exact, paddle.to_tensor(targets.astype("float64")), case.mode == "multiclass")
    assert table.shape == [case.samples, case.channels, SUMS]
    np.testing.assert_allclose(table.numpy(), expected.numpy(), rtol=5e-7, atol=1e-9 * left_out.size)
    factors = np.random.default_rng(3).normal(size=(case.samples, case.channels, SUMS))
    factors[..., SLOPED:] = 0
    (table * paddle.to_tensor(factors.astype("float32"))).sum().backward()
    (expected * paddle.to_tensor(factors.astype("float32").astype("float64"))).sum().backward()
    slope = np.where(near, 0, exact.grad.numpy())
    assert near.mean() < 0.05
    np.testing.assert_allclose(np.where(near, 0, z.grad.numpy()), slope, rtol=0, atol=2e-6 * np.abs(slope).max())
    assert not z.grad.numpy()[left_out].any()


@pytest.mark.parametrize("column", range(SLOPED))
@pytest.mark.parametrize("case", [Case("multiclass", 4, (33, 9)), Case("multilabel", 3, (33, 9))], ids=str)
def test_each_column_has_its_own_gradient(case, column):
    """Channel by channel, so that none can stand in for another."""
    logits, targets, _ = problem(case)
    for channel in range(case.channels):
        z = paddle.to_tensor(logits, stop_gradient=False)
        soft_sums(task(z, paddle.to_tensor(targets), case.mode))[:, channel, column].sum().backward()
        exact = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
        expected, near = definition(exact, paddle.to_tensor(targets.astype("float64")), case.mode == "multiclass")
        assert not near.any()
        expected[:, channel, column].sum().backward()
        np.testing.assert_allclose(z.grad.numpy(), exact.grad.numpy(), rtol=2e-6, atol=5e-7)


def _variants(spec, case):
    """Every option that what follows the sums may read."""
    yield {}
    if takes_weights(spec) and case.channels <= 3:
        yield {"weight": weights(spec, case)}
    for options in (
        {"reduction": "sum"},
        {"reduction": "none"},
        {"batch": True},
        {"squared_pred": True},
        {"smooth": 1e-5},
        {"include_background": False},
        {"pos_weight": [0.5, 2.0, 1.25][: case.channels]},
        {"classes": "present"},
        {"label_smoothing": 0.1},
    ):
        if all(has(spec, name) and possible(spec, name, value) for name, value in options.items()):
            yield options


@lru_cache
def _problem_and_near(case):
    """Made once for all losses; and where p is too near g to compare."""
    logits, targets, left_out = problem(case)
    exact = paddle.to_tensor(logits.astype("float64"))
    near = definition(exact, paddle.to_tensor(targets.astype("float64")), case.mode == "multiclass")[1]
    return logits, targets, left_out, near


@pytest.mark.parametrize(
    ("spec", "case"), each_case(lambda spec: spec.soft, [*CASES, Case("multiclass", 150, (9, 31)), SIZES[-2]])
)
def test_every_loss_is_what_it_is_in_float64(spec, case):
    logits, targets, left_out, near = _problem_and_near(case)
    for options in _variants(spec, case):
        loss, results = make(spec, mode=case.mode, **options), {}
        for which, dtype in (("native", "float32"), ("composed", "float64")):
            with kernels.use_kernels(which):
                z = paddle.to_tensor(logits.astype(dtype), stop_gradient=False)
                value = loss(z, paddle.to_tensor(targets.astype(dtype)))
                value.sum().backward()
                results[which] = value.numpy(), z.grad.numpy()
        (value, slope), (expected, expected_slope) = results["native"], results["composed"]
        np.testing.assert_allclose(value, expected, rtol=4e-6, atol=1e-7, err_msg=str(options))
        size = np.abs(expected_slope).max()
        assert size > 0
        np.testing.assert_allclose(
            np.where(near, 0, slope), np.where(near, 0, expected_slope), rtol=0, atol=4e-6 * size, err_msg=str(options)
        )
        assert not slope[left_out].any()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CrossEntropyLoss", {}),
        ("CrossEntropyLoss", {"reduction": "sum"}),
        ("DiceLoss", {}),
        ("DiceLoss", {"reduction": "none"}),
        ("DiceCELoss", {}),
        ("TverskyLoss", {}),
        ("JaccardLoss", {}),
        ("FocalTverskyLoss", {}),
        ("LogCoshDiceLoss", {}),
    ],
)
def test_these_losses_run_the_kernel_once(name, options, monkeypatch):
    """Terms of a compound share the pass."""
    calls, real = [], soft_targets.find

    def counted(operation, given):
        calls.append(operation)
        return real(operation, given)

    monkeypatch.setattr(soft_targets, "find", counted)
    case = Case("multiclass", 3, (7, 5))
    logits, targets, _ = problem(case)
    with kernels.use_kernels("native"):
        make(registry.get(name), mode="multiclass", **options)(paddle.to_tensor(logits), paddle.to_tensor(targets))
        assert calls == ["soft_sums"]
        assert real("soft_sums", task(paddle.to_tensor(logits), paddle.to_tensor(targets), "multiclass")) is not None


@pytest.mark.parametrize("case", SIZES[-3:], ids=str)
def test_the_number_of_threads_changes_no_bit(monkeypatch, case):
    logits, targets, _ = problem(case)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        z = paddle.to_tensor(logits, stop_gradient=False)
        given = task(z, paddle.to_tensor(targets), case.mode)
        table = soft_sums(given)
        table.sum().backward()
        results.append((table.numpy(), z.grad.numpy(), check_soft_targets(given)))
    for other in results[1:]:
        np.testing.assert_array_equal(other[0], results[0][0])
        np.testing.assert_array_equal(other[1], results[0][1])
        assert other[2] == results[0][2]


def test_second_derivatives_are_refused():
    z = paddle.zeros([1, 3, 9])
    z.stop_gradient = False
    total = soft_sums(task(z, paddle.full([1, 3, 9], 1 / 3), "multiclass")).sum()
    # Paddle wraps what is raised in a backward pass into an OSError that holds its text.
    with pytest.raises(OSError, match="PADDLESEG_LOSSES_KERNELS=composed"):
        paddle.grad(total, z, create_graph=True)


def test_strided_tensors_and_a_graph_walked_twice():
    case = Case("multiclass", 3, (21, 35))
    logits, targets, _ = problem(case)
    plain = paddle.to_tensor(logits, stop_gradient=False)
    expected = soft_sums(task(plain, paddle.to_tensor(targets), case.mode))
    turned = paddle.to_tensor(np.moveaxis(logits, 1, -1).copy(), stop_gradient=False)
    other = paddle.to_tensor(np.moveaxis(targets, 1, -1).copy())
    table = soft_sums(task(turned.transpose([0, 3, 1, 2]), other.transpose([0, 3, 1, 2]), case.mode))
    np.testing.assert_array_equal(table.numpy(), expected.numpy())
    (slope,) = paddle.grad(expected[..., 3].sum(), plain)
    twice = [paddle.grad(table[..., 3].sum(), turned, retain_graph=True)[0].numpy() for _ in range(2)]
    np.testing.assert_array_equal(twice[0], np.moveaxis(slope.numpy(), 1, -1))
    np.testing.assert_array_equal(twice[1], twice[0])


@pytest.mark.parametrize(
    "case", [Case("multiclass", 5, (21, 17)), Case("binary", 1, (40, 9)), Case("multilabel", 3, (9,))]
)
@pytest.mark.parametrize("options", [{}, {"reduction": "sum"}, {"weight": True}], ids=str)
def test_smoothed_labels_are_summed_as_soft_targets(case, options, monkeypatch):
    loss_name = "CrossEntropyLoss" if case.mode == "multiclass" else "BinaryCrossEntropyLoss"
    options = {**options, "weight": [0.5, 2.0, 1.25, 1.0, 3.0][: case.channels]} if "weight" in options else options
    loss = make(registry.get(loss_name), mode=case.mode, label_smoothing=0.2, **options)
    labels, results = paddle.to_tensor(case.labels(ignored=0.2)), {}
    for which, dtype in (("composed", "float64"), ("native", "float32")):
        if which == "native":
            monkeypatch.setattr(pixelwise, "smoothed_values", None)  # a value for each pixel and class
        with kernels.use_kernels(which):
            z = paddle.to_tensor(case.logits(dtype=dtype), stop_gradient=False)
            value = loss(z, labels)
            value.backward()
            results[which] = float(value), z.grad.numpy()
    np.testing.assert_allclose(results["native"][0], results["composed"][0], rtol=1e-6)
    slope = results["composed"][1]
    np.testing.assert_allclose(results["native"][1], slope, rtol=0, atol=1e-6 * np.abs(slope).max())
