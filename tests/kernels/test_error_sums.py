"""The kernel of sums: equal to float64 NumPy, and every loss that stands on it equal to its composed self."""

from functools import lru_cache

import numpy as np
import paddle
import pytest

from paddleseg_losses import DiceCELoss, errors, kernels, registry
from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels import error_sums as kernel
from paddleseg_losses.kernels.pixelwise import pixel_total
from paddleseg_losses.problem import Problem
from tests.kernels.problems import FUNCTIONS, LARGE, expected_sums, problem, specs, task
from tests.laws.cases import (
    CASES,
    Case,
    each_case,
    each_loss,
    make,
    possible,
    supports,
    takes_weights,
    value_and_gradient,
    weights,
)

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)


@lru_cache(maxsize=1)
def _expected(case):
    """The same of labels of every type."""
    return expected_sums(*problem(case), case.mode != "multiclass", FUNCTIONS)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_sums_are_those_of_float64(case, dtype):
    logits, labels = problem(case, dtype)
    sigmoid = case.mode != "multiclass"
    wanted = specs(sigmoid)
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), sigmoid), m.flat(wanted)).numpy()
    expected = _expected(case)
    for k, moment in enumerate(wanted):
        scale = np.abs(expected[moment]).max()
        np.testing.assert_allclose(table[..., k], expected[moment], rtol=1e-6, atol=1e-7 * scale, err_msg=str(moment))


def test_sums_of_many_pixels_keep_2e_7():
    case = Case("multiclass", 4, (700, 900), samples=1)
    logits, labels = problem(case)
    wanted = specs(False, [m.PROB_TRUE, m.ERROR, m.NLL])
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), False), m.flat(wanted)).numpy()
    expected = expected_sums(logits, labels, False, [m.PROB_TRUE, m.ERROR, m.NLL])
    for k, moment in enumerate(wanted):
        np.testing.assert_allclose(table[..., k], expected[moment], rtol=2e-7, err_msg=str(moment))


@pytest.mark.parametrize("case", LARGE, ids=str)
def test_gradients_are_those_of_float64(case):
    """Against Paddle's own operators in float64, for all moments at once, within 2e-6 of the largest."""
    logits, labels = problem(case)
    sigmoid = case.mode != "multiclass"
    wanted = specs(sigmoid)
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    factors = np.random.default_rng(5).normal(size=(case.samples, case.channels, len(wanted)))
    (kernel.error_sums(task(z, y, sigmoid), m.flat(wanted)) * paddle.to_tensor(factors, "float32")).sum().backward()
    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y, case.mode))
    total = sum((m.sum_of(inputs, *each) * paddle.to_tensor(factors[..., k])).sum() for k, each in enumerate(wanted))
    total.backward()
    expected = double.grad.numpy()
    np.testing.assert_allclose(z.grad.numpy(), expected, rtol=0, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize(("spec", "case"), each_case(cases=[*CASES, *LARGE[:2]]))
def test_every_loss_is_what_it_is_in_float64(spec, case):
    """Within 2e-6 of the largest slope, or of the size of what rounding does to Paddle's operators in float32."""
    variants = [{}]
    if takes_weights(spec) and case.channels <= 3:
        variants.append({"weight": weights(spec, case)})
    for options, scale in [*((options, 1.5) for options in variants), ({}, 60.0)]:  # 60: shares below 1e-38
        logits, labels = case.logits(dtype="float32", scale=scale), case.labels()
        loss = make(spec, **options)
        exact = value_and_gradient(loss, logits.astype("float64"), labels)
        # Equal errors may be sorted either way, which exchanges slopes of a few pixels, so the mean is compared. So is
        # what erosions leave at 60, where probabilities are 0 and 1: the two largest numbers of a map, of which one
        # scales it and has the slope, are less than 6e-9 apart wherever float32 chooses the other one.
        tied = spec.sorts or (spec.name == "HausdorffERLoss" and scale == 60.0)
        native = _distances("native", loss, logits, labels, exact, np.mean if tied else np.max)
        if all(distance <= 2e-6 for distance in native):
            continue  # whatever Paddle's operators do
        composed = _distances("composed", loss, logits, labels, exact, np.mean if tied else np.max)
        for distance, of_operators in zip(native, composed):
            assert distance <= max(2e-6, 3 * of_operators)


def _distances(which, loss, logits, labels, exact, size):
    """Of the value and the gradient from the exact ones."""
    with kernels.use_kernels(which):
        actual = value_and_gradient(loss, logits, labels)
    return [size(np.abs(f - e)) / size(np.abs(e)).clip(1e-9) for f, e in zip(actual, exact)]


WEIGHTED = [
    pytest.param(spec, reduction, id=f"{spec.name}-{reduction}")
    for spec in registry.specs()
    for reduction in ("mean", "sum", "none")
    if spec.cls.takes_pixel_weight and possible(spec, "reduction", reduction)
]


@pytest.mark.parametrize("case", [case for case in CASES if len(case.space) == 2], ids=str)
@pytest.mark.parametrize(("spec", "reduction"), WEIGHTED)
def test_reductions_and_pixel_weights(spec, reduction, case):
    if not supports(spec, case):
        return
    weight = np.random.default_rng(3).random((case.samples, *case.space)).astype("float32")
    results = []
    for which in ("native", "composed"):
        with kernels.use_kernels(which):
            z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
            loss = make(spec, reduction=reduction)
            value = loss(z, paddle.to_tensor(case.labels()), pixel_weight=paddle.to_tensor(weight))
            value.sum().backward()
            results.append((value.numpy(), z.grad.numpy()))
    for native, composed in zip(*results):
        np.testing.assert_allclose(native, composed, rtol=1e-5, atol=2e-6 * np.abs(composed).max())


@pytest.mark.parametrize("channels", [2, 7])
def test_the_number_of_threads_changes_no_bit(monkeypatch, channels):
    case = Case("multiclass", channels, (211, 307))
    logits, labels = map(paddle.to_tensor, problem(case))
    wanted, tables = specs(False), []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        assert kernels.threads(1 << 20) == int(threads)
        tables.append(kernel.error_sums(task(logits, labels, False), m.flat(wanted)).numpy())
    assert np.array_equal(tables[0], tables[1])
    assert np.array_equal(tables[0], tables[2])


def test_strided_logits_and_labels():
    case = Case("multiclass", 3, (21, 35))
    logits, labels = case.logits(dtype="float32"), case.labels()
    spec = next(case.values[0] for case in each_loss(lambda spec: spec.name == "DiceCELoss"))
    expected = value_and_gradient(make(spec), logits, labels)
    turned = paddle.to_tensor(logits.transpose(0, 1, 3, 2).copy(), stop_gradient=False)
    other = paddle.to_tensor(labels.transpose(0, 2, 1).copy())
    value = make(spec)(turned.transpose([0, 1, 3, 2]), other.transpose([0, 2, 1]))
    value.backward()
    assert float(value) == float(expected[0])
    np.testing.assert_array_equal(turned.grad.numpy().transpose(0, 1, 3, 2), expected[1])


def test_second_derivatives_are_refused():
    case = CASES[3]
    spec = next(case.values[0] for case in each_loss(lambda spec: spec.name == "CrossEntropyLoss"))
    labels = paddle.to_tensor(case.labels())
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    # Paddle wraps what is raised in a backward pass into an OSError that holds its text.
    with kernels.use_kernels("native"), pytest.raises(OSError, match="PADDLESEG_LOSSES_KERNELS=composed"):
        paddle.grad(make(spec)(z, labels), z, create_graph=True)
    if paddle.__version__.startswith("2."):
        return  # its `where` has no second derivative, so the composed path has none either
    with kernels.use_kernels("composed"):
        (first,) = paddle.grad(make(spec)(z, labels), z, create_graph=True)
        first.pow(2).sum().backward()
    assert z.grad.numpy().any()


def test_a_graph_can_be_kept_and_walked_twice():
    case = CASES[3]
    spec = next(case.values[0] for case in each_loss(lambda spec: spec.name == "DiceCELoss"))
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    value = make(spec)(z, paddle.to_tensor(case.labels()))
    once, twice = (paddle.grad(value, z, retain_graph=True)[0].numpy() for _ in range(2))
    assert np.array_equal(once, twice)
    value.backward()
    np.testing.assert_allclose(z.grad.numpy(), once, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("mode", ["native", "composed"])
def test_a_second_backward_pass_through_a_kept_graph_is_refused(mode):
    """Paddle itself would end the process: it frees what a PyLayer has saved."""
    z = paddle.to_tensor(CASES[3].logits(dtype="float32"), stop_gradient=False)
    with kernels.use_kernels(mode):
        value = DiceCELoss()(z, paddle.to_tensor(CASES[3].labels()))
        value.backward(retain_graph=True)
        with pytest.raises(OSError, match="second backward pass"):
            value.backward()


def test_hostile_tensors_never_reach_native_code():
    z, y = paddle.zeros([2, 3, 4, 5]), paddle.zeros([2, 1, 4, 5], "int64")
    wanted = m.flat([m.SumSpec(m.POSITIVE, m.NLL)])
    with pytest.raises(errors.KernelError, match=r"\[2, 1, 4, 4\]"):
        kernel.error_sums(task(z, y[..., :4], False), wanted)
    with pytest.raises(errors.KernelError, match="float64"):
        kernel.error_sums(task(z.astype("float64"), y, False), wanted)
    with pytest.raises(errors.KernelError, match="int16"):
        kernel.error_sums(task(z, y.astype("int16"), False), wanted)
    with pytest.raises(errors.KernelError, match=r"\[2, 3, 4, 5\]"):
        pixel_total(task(z, y, False), wanted, 1.0, weight=z)
    with pytest.raises(errors.KernelError):
        kernel.error_sums(task(z[:0], y[:0], False), wanted)


@pytest.mark.parametrize("case", LARGE[:3], ids=str)
def test_sums_of_one_function_may_be_asked_for_twice(case):
    sigmoid = case.mode != "multiclass"
    wanted = [m.SumSpec(m.POSITIVE, m.power(1.7)), m.SumSpec(m.POSITIVE, m.NLL), m.SumSpec(m.NEGATIVE, m.power(1.7))]
    wanted += [m.SumSpec(m.NEGATIVE, m.NLL), wanted[0]]
    logits, labels = problem(case)
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    table = kernel.error_sums(task(z, y, sigmoid), m.flat(wanted))
    alone = [kernel.error_sums(task(z, y, sigmoid), m.flat([moment])) for moment in wanted]
    np.testing.assert_allclose(table.numpy(), np.concatenate([each.numpy() for each in alone], axis=-1), rtol=4e-7)
    factors = np.random.default_rng(3).normal(size=len(wanted)).astype("float32")
    (actual,) = paddle.grad((table * paddle.to_tensor(factors)).sum(), z)
    (expected,) = paddle.grad(sum((each * float(factor)).sum() for each, factor in zip(alone, factors)), z)
    scale = float(expected.abs().max())
    np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=1e-5, atol=1e-6 * scale)


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
@pytest.mark.parametrize("classes", [2, 3, 9])
def test_weights_of_each_label_are_added(mode, classes):
    rng = np.random.default_rng(1)
    several = mode == "multilabel"
    labels = rng.integers(0, 2 if several else classes, (2, classes if several else 1, 300, 251)).astype("uint8")
    labels[rng.random(labels.shape) < 0.1] = 255
    weight = rng.random((2, 1, 300, 251)).astype("float32")
    scores = paddle.zeros([2, classes, 300, 251])
    actual = kernel.label_weights(Problem(scores, paddle.to_tensor(labels), mode, 255), paddle.to_tensor(weight))
    columns = [(weight.astype("float64") * (labels == k)).sum((2, 3)) for k in range(2 if several else classes)]
    expected = np.stack(columns, axis=-1)
    np.testing.assert_allclose(actual, expected if several else expected[:, 0], rtol=1e-6)
