"""Sums of 1 - x, x and l under a sigmoid or a softmax over two classes, which have loops of their own."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import DiceCELoss, kernels
from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels import error_sums as kernel
from paddleseg_losses.problem import Problem
from tests.kernels.problems import expected_sums, problem, task
from tests.laws.cases import Case

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)

OVERLAPS = [m.SumSpec(m.POSITIVE, m.PROB_TRUE), m.SumSpec(m.POSITIVE, m.ERROR), m.SumSpec(m.NEGATIVE, m.ERROR)]
COSTS = [m.SumSpec(m.POSITIVE, m.NLL), m.SumSpec(m.NEGATIVE, m.NLL)]
SETS = [OVERLAPS, [*OVERLAPS, *COSTS], COSTS, OVERLAPS[::-1], OVERLAPS[:1]]
CASES = [
    Case("binary", 1, (67, 71)),
    Case("multilabel", 3, (13, 17, 19)),
    Case("binary", 1, (3,)),
    Case("multiclass", 2, (67, 71)),
]


def sums(z, y, moments, sigmoid=True):
    return kernel.error_sums(task(z, y, sigmoid), m.flat(moments))


@pytest.mark.parametrize("scale", [0.01, 1.0, 12.0, 1e4])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("moments", SETS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sums_and_gradients_are_those_of_float64(case, moments, dtype, scale):
    logits, labels = problem(case, dtype)
    logits = (logits * scale).astype("float32")
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    sigmoid = case.mode != "multiclass"
    table = sums(z, y, moments, sigmoid)
    expected = expected_sums(logits, labels, sigmoid, [m.PROB_TRUE, m.ERROR, m.NLL])
    for k, moment in enumerate(moments):
        np.testing.assert_allclose(table[..., k].numpy(), expected[moment], rtol=4e-7, atol=1e-30, err_msg=str(moment))
    factors = np.random.default_rng(5).normal(size=table.shape)
    (table * paddle.to_tensor(factors, "float32")).sum().backward()
    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y.astype("int64"), case.mode))
    sum(
        (m.sum_of(inputs, *each) * paddle.to_tensor(factors[..., k])).sum() for k, each in enumerate(moments)
    ).backward()
    slope = double.grad.numpy()
    np.testing.assert_allclose(z.grad.numpy(), slope, rtol=1e-6, atol=1e-6 * np.abs(slope).max())


@pytest.mark.parametrize("moments", SETS)
def test_each_pixel_keeps_its_digits(moments):
    """No sum hides a small term: one pixel at a time, right by far and wrong by far."""
    z = np.linspace(-80, 80, 641, dtype="float32")
    for label in (0, 1):
        side, wrong = (m.POSITIVE, -z) if label else (m.NEGATIVE, z)
        x, rest = 1 / (1 + np.exp(-wrong.astype("float64"))), 1 / (1 + np.exp(wrong.astype("float64")))
        values = {m.PROB_TRUE: rest, m.ERROR: x, m.NLL: np.logaddexp(0, wrong.astype("float64"))}
        slopes = {m.PROB_TRUE: -x * rest, m.ERROR: x * rest, m.NLL: x}
        for k, moment in enumerate(moments):
            logits = paddle.to_tensor(z.reshape(-1, 1, 1), stop_gradient=False)
            total = sums(logits, paddle.full([641, 1, 1], label, "int64"), moments)[..., k]
            total.sum().backward()
            here = 1 if moment.side == side else 0
            sign = 1 - 2 * label
            np.testing.assert_allclose(total.numpy().ravel(), here * values[moment.function], rtol=4e-7, atol=2e-38)
            expected = here * sign * slopes[moment.function]
            np.testing.assert_allclose(logits.grad.numpy().ravel(), expected, rtol=1e-6, atol=2e-38)


@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf, 1e38])
@pytest.mark.parametrize("moments", SETS)
def test_junk_is_seen_where_it_counts_and_only_there(moments, junk):
    logits, labels = np.zeros((2, 1, 7, 9), "float32"), np.ones((2, 1, 7, 9), "int64")
    labels[:, :, 3:] = 0
    labels[1, 0, 2, 3] = 255
    clean = sums(paddle.to_tensor(logits), paddle.to_tensor(labels), moments).numpy()
    logits[1, 0, 2, 3] = junk
    z = paddle.to_tensor(logits, stop_gradient=False)
    table = sums(z, paddle.to_tensor(labels), moments)
    np.testing.assert_array_equal(table.numpy(), clean)
    table.sum().backward()
    assert np.isfinite(z.grad.numpy()).all()
    assert z.grad.numpy()[1, 0, 2, 3] == 0
    logits[0, 0, 0, 0] = np.nan
    table = sums(paddle.to_tensor(logits), paddle.to_tensor(labels), moments).numpy()
    own = [k for k, moment in enumerate(moments) if moment.side == m.POSITIVE]
    assert np.isnan(table[0, 0, own]).all()
    np.testing.assert_array_equal(table[1], clean[1])


@pytest.mark.parametrize("label", [0, 1])
def test_an_infinite_logit_that_is_right_costs_nothing(label):
    z = paddle.full([1, 1, 5], np.inf if label else -np.inf)
    table = sums(z, paddle.full([1, 1, 5], label, "int64"), [*OVERLAPS, *COSTS]).numpy()
    np.testing.assert_array_equal(table, [[[5.0 * label, 0, 0, 0, 0]]])


@pytest.mark.parametrize("moments", SETS)
def test_two_classes_share_the_digits_of_one_channel(moments):
    """The sums of class 1 are the channel's, those of class 0 the same pixels' seen from the other side."""
    z = np.linspace(-80, 80, 640, dtype="float32").reshape(-1, 1, 1)
    y = paddle.to_tensor(np.arange(640, dtype="int64").reshape(-1, 1, 1) // 2 % 2)
    one = paddle.to_tensor(z, stop_gradient=False)
    two = paddle.to_tensor(np.concatenate([np.zeros_like(z), z], axis=1), stop_gradient=False)
    alone, both = sums(one, y, moments), sums(two, y, moments, sigmoid=False)
    np.testing.assert_array_equal(both[:, 1].numpy(), alone[:, 0].numpy())
    mirrored = sums(paddle.to_tensor(-z), 1 - y, moments)
    np.testing.assert_array_equal(both[:, 0].numpy(), mirrored[:, 0].numpy())
    both[:, 1].sum().backward()
    alone.sum().backward()
    np.testing.assert_array_equal(two.grad[:, 1].numpy(), one.grad[:, 0].numpy())
    np.testing.assert_array_equal(two.grad[:, 0].numpy(), -one.grad[:, 0].numpy())


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("sure", [0, 1])
@pytest.mark.parametrize("pair", [(0, -np.inf), (3e38, -3e38)])
def test_a_class_that_cannot_be_is_as_sure_as_one_that_must(pair, sure, label):
    z = np.array(pair if sure == 0 else pair[::-1], "float32").reshape(1, 2, 1).repeat(5, axis=2)
    y = paddle.full([1, 1, 5], label, "int64")
    table = sums(paddle.to_tensor(z), y, [*OVERLAPS, *COSTS], sigmoid=False).numpy()
    own, other = ([5, 0, 0, 0, 0], [0] * 5) if sure == label else ([0, 5, 0, np.inf, 0], [0, 0, 5, 0, np.inf])
    np.testing.assert_array_equal(table[0, label], own)
    np.testing.assert_array_equal(table[0, 1 - label], other)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("pair", [(np.inf, 0), (0, np.inf), (np.inf, np.inf), (-np.inf, -np.inf), (np.nan, 0)])
def test_a_softmax_of_infinity_is_no_number(pair, label):
    """As `paddle.nn.functional.softmax` has it."""
    z = paddle.to_tensor(np.array(pair, "float32").reshape(1, 2, 1))
    table = sums(z, paddle.full([1, 1, 1], label, "int64"), [*OVERLAPS, *COSTS], sigmoid=False).numpy()
    assert np.isnan(table[0, label, [0, 1, 3]]).all()
    assert np.isnan(table[0, 1 - label, [2, 4]]).all()


def test_counted_labels_are_not_counted_again(monkeypatch):
    """A kernel is asked for the other sums alone, however many losses ask for the number of pixels."""
    case, asked, known = CASES[3], [], kernel.error_sums

    def seen(problem, specs, weight=None):
        asked.append(specs)
        return known(problem, specs, weight)

    monkeypatch.setattr(kernel, "error_sums", seen)
    logits, labels = case.logits(dtype="float32"), case.labels()
    inputs = DiceCELoss().prepare(paddle.to_tensor(logits), paddle.to_tensor(labels))
    counts = m.sum_of(inputs, m.NEGATIVE, m.COUNT)
    assert asked == []
    m.sum_of(inputs, *OVERLAPS[0])
    m.sum_of(inputs, m.POSITIVE, m.NLL)
    assert [sorted(specs) for specs in asked] == [sorted(m.flat([*OVERLAPS, COSTS[0]]))]
    valid = (labels != 255)[:, None]
    expected = (valid & (labels[:, None] != np.arange(2)[:, None, None])).sum(axis=(2, 3))
    np.testing.assert_array_equal(counts.numpy(), expected)
