"""Sums and gradients where logits are large, saturated, infinite or no numbers."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels import error_sums as kernel
from paddleseg_losses.problem import Problem
from tests.kernels.problems import expected_sums, problem, task
from tests.laws.cases import Case

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)


@pytest.mark.parametrize("offset", [0.0, -5.0, -8.0, -38.0, -300.0, 50.0, 70.0, 77.0, 85.0, 300.0])
@pytest.mark.parametrize("channels", [2, 3, 11])
@pytest.mark.parametrize("costs", [False, True])
def test_sums_take_logits_of_any_size(costs, channels, offset):
    """Shares whose sum is moderate need no largest logit: both sides of that range are exact, also in one image."""
    case = Case("multiclass", channels, (41, 77))
    logits, labels = problem(case)
    logits = (logits + offset * (np.arange(41) < 20)[:, None]).astype("float32")  # the last tiles are always moderate
    functions = [m.PROB_TRUE, m.ERROR, m.NLL, m.focal(2)] if costs else [m.PROB_TRUE, m.ERROR]
    wanted = [m.SumSpec(m.NEGATIVE, m.ERROR)] + [m.SumSpec(m.POSITIVE, function) for function in functions]
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    table = kernel.error_sums(task(z, y, False), m.flat(wanted))
    expected = expected_sums(logits, labels, False, functions)
    for k, moment in enumerate(wanted):
        np.testing.assert_allclose(table.numpy()[..., k], expected[moment], rtol=2e-7, err_msg=str(moment))
    factors = np.random.default_rng(5).normal(size=(case.samples, channels, len(wanted)))
    (table * paddle.to_tensor(factors, "float32")).sum().backward()
    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y, case.mode))
    sum((m.sum_of(inputs, *each) * paddle.to_tensor(factors[..., k])).sum() for k, each in enumerate(wanted)).backward()
    slope = double.grad.numpy()
    np.testing.assert_allclose(z.grad.numpy(), slope, rtol=0, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("others", [0.0, -6.5, -7.5, -38.0, 77.0, 79.0])
def test_sums_of_a_class_that_has_almost_nothing(others):
    """Its shares are the smallest that floats hold, whether the largest logit is taken off or not."""
    logits = np.full((1, 3, 300), others, "float32")
    logits[:, 0] += np.linspace(-79, -70, 300)
    labels = np.ones((1, 1, 300), "int64")
    wanted = [m.SumSpec(m.NEGATIVE, m.ERROR)]
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), False), m.flat(wanted)).numpy()
    expected = expected_sums(logits, labels, False, [m.ERROR])[wanted[0]]
    np.testing.assert_allclose(table[0, 0, 0], expected[0, 0], rtol=1e-6)


@pytest.mark.parametrize("largest", [77.0, 87.0, 88.5, 95.0, 1000.0])
def test_sums_of_a_class_that_has_nearly_all(largest):
    """However far it is above the others, which look moderate."""
    logits = np.zeros((1, 3, 1000), "float32")
    logits[:, 2] = largest
    labels = np.full((1, 1, 1000), 2, "int64")
    labels[..., :500] = 0  # whole tiles without its own pixels
    wanted = [m.SumSpec(m.POSITIVE, m.PROB_TRUE), m.SumSpec(m.NEGATIVE, m.ERROR)]
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), False), m.flat(wanted)).numpy()
    expected = expected_sums(logits, labels, False, [m.PROB_TRUE, m.ERROR])
    for k, moment in enumerate(wanted):
        np.testing.assert_allclose(table[..., k], expected[moment], rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("offset", [38.0, -38.0, 300.0])
@pytest.mark.parametrize("functions", [[m.NLL], [m.NLL, m.ERROR], [m.power(2.0)]])
def test_gradients_of_other_classes_alone(functions, offset):
    """No slope here reads the own class's cost."""
    case = Case("multiclass", 5, (41, 77))
    logits, labels = problem(case)
    wanted = [m.SumSpec(m.NEGATIVE, function) for function in functions]
    z, y = paddle.to_tensor(logits + np.float32(offset), stop_gradient=False), paddle.to_tensor(labels)
    kernel.error_sums(task(z, y, False), m.flat(wanted)).sum().backward()
    double = paddle.to_tensor(z.numpy().astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y, case.mode))
    sum(m.sum_of(inputs, *each).sum() for each in wanted).backward()
    slope = double.grad.numpy()
    np.testing.assert_allclose(z.grad.numpy(), slope, rtol=0, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("upstream", [1.0, 0.3])
@pytest.mark.parametrize("channels", [2, 3])
def test_gradients_of_saturated_wrong_pixels_keep_their_digits(channels, upstream):
    """p (u - T) cancels where a wrong class has all of a pixel, whatever number u is."""
    z = np.zeros((1, channels, 512), "float32")
    z[:, 1] = np.linspace(24, 38, 512)
    z[:, 2:] = -100
    logits = paddle.to_tensor(z, stop_gradient=False)
    table = kernel.error_sums(
        task(logits, paddle.zeros([1, 1, 512], "int64"), False), m.flat([m.SumSpec(m.NEGATIVE, m.ERROR)])
    )
    (table * upstream).sum().backward()
    p = 1 / (1 + np.exp(-z[:, 1].astype("float64")))
    slope = upstream * np.exp(-z[:, 1].astype("float64")) * p**2
    np.testing.assert_allclose(logits.grad.numpy()[:, 0], -slope, rtol=1e-5)
    np.testing.assert_allclose(logits.grad.numpy()[:, 1], slope, rtol=1e-5, atol=1e-14)


@pytest.mark.parametrize("top", [30.0, 54.0, 60.0, 78.0, 85.0])
def test_weights_of_a_scaler_overflow_nothing(top):
    """Large logits times large weights: shares may be large only as far as their weighted sum is a float."""
    z = np.tile(np.float32([20, top, top - 8])[None, :, None], 300)
    logits = paddle.to_tensor(z, stop_gradient=False)
    table = kernel.error_sums(
        task(logits, paddle.zeros([1, 1, 300], "int64"), False), m.flat([m.SumSpec(m.NEGATIVE, m.ERROR)])
    )
    factors = np.array([0, 1.0, -0.5]) * 1e9
    (table[0, :, 0] * paddle.to_tensor(factors, "float32")).sum().backward()
    p = np.exp(np.array([20, top, top - 8]) - top)
    p /= p.sum()
    slope = p * ((factors[:, None] - factors) * p).sum(1)
    np.testing.assert_allclose(logits.grad.numpy()[0, :, 0], slope, rtol=1e-5, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("logits", [[-45.0, 40, 0], [-87, 76, 0], [-87, 50, 0], [-30, 45, 40], [-100, 0, 0]])
def test_costs_of_hopeless_pixels(logits):
    """The label has so little that its share, or its odds, may not be a float."""
    z = np.array(logits)[None, :, None] + np.random.default_rng(6).uniform(-1, 1, (1, 3, 300))
    z = paddle.to_tensor(z.astype("float32"), stop_gradient=False)
    table = kernel.error_sums(
        task(z, paddle.zeros([1, 1, 300], "int64"), False), m.flat([m.SumSpec(m.POSITIVE, m.NLL)])
    )
    (slope,) = paddle.grad(table.sum(), z)
    exact = z.numpy()[0].astype("float64")
    whole = np.logaddexp.reduce(exact)
    np.testing.assert_allclose(float(table[0, 0, 0]), (whole - exact[0]).sum(), rtol=2e-7)
    np.testing.assert_allclose(slope.numpy()[0], np.exp(exact - whole) - [[1], [0], [0]], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("low", [-100.0, -1e30, -np.inf])
@pytest.mark.parametrize("channels", [2, 3, 12])
def test_a_class_that_is_masked_out_has_nothing(channels, low):
    """Not a little: a class without pixels and without probability is an absent one."""
    z = np.random.default_rng(7).normal(size=(1, channels, 300))
    z[:, 0] = low
    logits = paddle.to_tensor(z.astype("float32"), stop_gradient=False)
    moments = m.flat([m.SumSpec(m.NEGATIVE, m.ERROR)])
    table = kernel.error_sums(task(logits, paddle.ones([1, 1, 300], "int64"), False), moments)
    (slope,) = paddle.grad(table.sum(), logits)
    assert float(table[0, 0, 0]) == 0
    assert not slope.numpy()[:, 0].any()
    assert np.isfinite(slope.numpy()).all()


@pytest.mark.parametrize("offset", [0.0, 300.0])
@pytest.mark.parametrize("channels", [2, 3, 12])
def test_gradients_of_confident_wrong_pixels_keep_their_digits(channels, offset):
    """p (u - T) cancels the more of a pixel a wrong class has; each pixel is as exact as its own largest slope."""
    rng = np.random.default_rng(4)
    z = rng.normal(size=(1, channels, 512)) + offset
    z[:, 1] += np.linspace(0, 16, 512)
    logits = paddle.to_tensor(z.astype("float32"), stop_gradient=False)
    table = kernel.error_sums(
        task(logits, paddle.zeros([1, 1, 512], "int64"), False), m.flat([m.SumSpec(m.NEGATIVE, m.ERROR)])
    )
    factors = rng.normal(size=channels).astype("float32")
    (table[0, :, 0] * paddle.to_tensor(factors)).sum().backward()
    shares = np.exp(logits.numpy()[0].astype("float64") - offset)
    p, u = shares / shares.sum(0), factors.astype("float64") * (np.arange(channels) > 0)
    # sum over k of (u_c - u_k) p_k, added up so that nothing cancels but what is opposed
    slope = p * np.einsum("cks,ks->cs", (u[:, None] - u)[..., None] * np.ones(512), p)
    assert (np.abs(logits.grad.numpy()[0] - slope) <= 2e-6 * np.abs(slope).max(0)).all()


@pytest.mark.parametrize("channels", [2, 3, 12])
@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize(
    "functions", [[m.PROB_TRUE, m.ERROR], [m.PROB_TRUE, m.ERROR, m.NLL], [m.power(1.7), m.power(0.3)]]
)
def test_junk_that_is_left_out_is_not_seen(functions, junk, channels):
    logits = np.random.default_rng(2).normal(size=(2, channels, 7, 9)).astype("float32")
    labels = np.random.default_rng(3).integers(0, channels, (2, 1, 7, 9))
    labels[1, 0, 2, 3] = 255
    wanted = m.flat(
        [m.SumSpec(side, f) for side in (m.POSITIVE, m.NEGATIVE) for f in functions if (side, f) != (1, m.PROB_TRUE)]
    )
    tables, slopes = [], []
    for value in (0.0, junk):
        logits[1, :, 2, 3] = value
        z = paddle.to_tensor(logits, stop_gradient=False)
        tables.append(kernel.error_sums(task(z, paddle.to_tensor(labels), False), wanted))
        slopes.append(paddle.grad(tables[-1].sum(), z)[0].numpy())
    np.testing.assert_array_equal(tables[1].numpy(), tables[0].numpy())
    np.testing.assert_array_equal(slopes[1], slopes[0])
    assert not slopes[1][1, :, 2, 3].any()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(
    "functions",
    [
        [m.PROB_TRUE, m.ERROR],
        [m.PROB_TRUE, m.ERROR, m.NLL],
        [m.power(0.3), m.power(1.7), m.power(2)],
        [m.focal(1.5), m.nll_power(0.3), m.nll_power(2.5)],
    ],
)
def test_no_number_is_seen_where_it_counts(functions, channels, sign):
    logits, labels = np.zeros((2, channels, 7, 9), "float32"), np.zeros((2, 1, 7, 9), "int64")
    if channels == 1:
        labels[:] = 1
    wanted = m.flat([m.SumSpec(m.POSITIVE, function) for function in functions])
    clean = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), channels == 1), wanted).numpy()
    logits[0, 0, 0, 0] = np.copysign(np.nan, sign)
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), channels == 1), wanted).numpy()
    assert np.isnan(table[0, 0]).all()
    np.testing.assert_array_equal(table[1], clean[1])


@pytest.mark.parametrize("junk", [np.nan, np.inf])
@pytest.mark.parametrize("functions", [[m.PROB_TRUE, m.ERROR], [m.PROB_TRUE, m.ERROR, m.NLL]])
def test_junk_is_seen_where_it_counts_and_only_there(functions, junk):
    logits, labels = np.zeros((2, 3, 7, 9), "float32"), np.zeros((2, 1, 7, 9), "int64")
    labels[1, 0, 2, 3] = 255
    logits[1, :, 2, 3] = junk
    wanted = m.flat([m.SumSpec(side, function) for side in (m.POSITIVE, m.NEGATIVE) for function in functions[side:]])
    clean = kernel.error_sums(task(paddle.zeros(logits.shape), paddle.to_tensor(labels), False), wanted).numpy()
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), False), wanted).numpy()
    assert np.array_equal(table, clean)
    logits[0, 1, 0, 0] = junk
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), False), wanted).numpy()
    assert np.isnan(table[0, 0, : len(functions)]).all()
    assert np.array_equal(table[1], clean[1])
