"""The kernels that keep exponentials in shared memory: what losses mostly ask for, with labels as they are copied."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels.cuda import error_sums as kernel
from paddleseg_losses.kernels.cuda import sum_specs
from paddleseg_losses.problem import Problem
from tests.kernels.cuda import fake
from tests.kernels.problems import FUNCTIONS, expected_sums, problem, task
from tests.laws.cases import Case

# Fewer classes than a group, whole groups, many at once and some left; fewer pixels than a warp, and several tiles.
CASES = [
    Case("multiclass", 2, (23, 29)),
    Case("multiclass", 4, (5,), samples=3),
    Case("multiclass", 8, (301,), samples=3),
    Case("multiclass", 19, (41, 37), samples=1),
    Case("multiclass", 150, (7, 13), samples=1),
    Case("multiclass", 3, (1, 1)),
]
ALL = [*(m.SumSpec(m.POSITIVE, f) for f in FUNCTIONS), m.SumSpec(m.NEGATIVE, m.ERROR)]
DICE = [m.SumSpec(m.POSITIVE, m.PROB_TRUE), m.SumSpec(m.POSITIVE, m.ERROR), m.SumSpec(m.NEGATIVE, m.ERROR)]


def _exact(logits, labels, wanted, factors):
    """Sums in float64, and the gradient of their total with factors."""
    z = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(z, paddle.to_tensor(labels.astype("int64")), "multiclass"))
    table = paddle.stack([m.sum_of(inputs, *each) for each in wanted], axis=-1)
    (slope,) = paddle.grad((table * paddle.to_tensor(factors)).sum(), z)
    return table.numpy(), slope.numpy()


def _made(logits, labels, wanted, factors, dtype="float32"):
    z = paddle.to_tensor(logits).astype(dtype)
    z.stop_gradient = False
    table = kernel.error_sums(task(z, paddle.to_tensor(labels), False), m.flat(wanted))
    (slope,) = paddle.grad((table * paddle.to_tensor(factors, "float32")).sum(), z)
    return table.numpy(), slope.astype("float32").numpy()


def _factors(case, wanted):
    return np.random.default_rng(5).normal(size=(case.samples, case.channels, len(wanted)))


@pytest.mark.parametrize("wanted", [ALL, DICE], ids=["all", "Dice"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sums_and_gradients_are_those_of_float64(card, case, wanted):
    logits, labels = problem(case, dtype="uint8")
    factors = _factors(case, wanted)
    table, slope = _made(logits, labels, wanted, factors)
    expected, exact = _exact(logits, labels, wanted, factors)
    scale = np.abs(expected).max(axis=(0, 1))
    assert (np.abs(table - expected) <= 2e-6 * np.abs(expected) + 2e-7 * scale).all()
    np.testing.assert_allclose(slope, exact, rtol=0, atol=2e-6 * np.abs(exact).max())
    assert any(name.startswith("kept_gradient") for name in card.names)
    assert any(name.startswith("kept_sums") for name in card.names)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_read_as_it_is(card, dtype):
    case = CASES[3]
    logits, labels = problem(case, dtype="uint8")
    rounded = paddle.to_tensor(logits).astype(dtype).astype("float32").numpy()
    factors = _factors(case, DICE)
    table, slope = _made(rounded, labels, DICE, factors, dtype)
    expected, exact = _exact(rounded, labels, DICE, factors)
    np.testing.assert_allclose(table, expected, rtol=2e-6)
    digits = 2.0 ** (-11 if dtype == "float16" else -8)
    np.testing.assert_allclose(slope, exact, rtol=2 * digits, atol=1e-5 * np.abs(exact).max())


@pytest.mark.parametrize("margin", [5, 10, 15, 20, 30, 40])
@pytest.mark.parametrize("right", [True, False])
def test_digits_of_sure_pixels(card, margin, right):
    """Errors of one class in turn, where its logit is ahead of the others or behind by a margin."""
    rng = np.random.default_rng(margin)
    logits = rng.normal(size=(1, 7, 64)).astype("float32")
    labels = rng.integers(0, 7, (1, 1, 64)).astype("uint8")
    ahead = labels if right else (labels + 1) % 7
    np.put_along_axis(logits, ahead.astype("int64"), np.float32(margin + 4), 1)
    wanted = [*DICE, m.SumSpec(m.POSITIVE, m.NLL)]
    for factors in np.eye(4):
        factors = np.broadcast_to(factors, (1, 7, 4))
        table, slope = _made(logits, labels, wanted, factors)
        expected, exact = _exact(logits, labels, wanted, factors)
        np.testing.assert_allclose(table, expected, rtol=1e-5)
        assert (np.abs(slope - exact) <= 1e-5 * np.abs(exact).max(axis=1, keepdims=True)).all()


def test_pixels_have_weights(card):
    case = CASES[2]
    logits, labels = problem(case, dtype="uint8")
    weight = np.random.default_rng(2).random((case.samples, 1, *case.space)).astype("float32")
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    table = kernel.error_sums(task(z, y, False), m.flat(DICE), weight=paddle.to_tensor(weight))
    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y, case.mode), pixel_weight=paddle.to_tensor(weight.astype("float64")))
    expected = paddle.stack([m.sum_of(inputs, *each) for each in DICE], axis=-1)
    np.testing.assert_allclose(table.numpy(), expected.numpy(), rtol=2e-6)
    factors = _factors(case, DICE)
    (slope,) = paddle.grad((table * paddle.to_tensor(factors, "float32")).sum(), z)
    (exact,) = paddle.grad((expected * paddle.to_tensor(factors)).sum(), double)
    np.testing.assert_allclose(slope.numpy(), exact.numpy(), rtol=0, atol=2e-6 * float(exact.abs().max()))
    assert "kept_sums_f32" in card.names


@pytest.mark.parametrize("runs", [1, 7, 1000], ids=lambda runs: f"runs of {runs}")
def test_the_same_bits_in_any_order_of_the_threads(shim, runs):
    """With a label for each pixel, a few together, and one for all."""
    logits = np.random.default_rng(0).normal(size=(1, 5, 1000)).astype("float32")
    labels = (np.arange(1000) // runs % 5).astype("uint8").reshape(1, 1, 1000)
    labels[..., ::17] = 255
    tables = []
    for turn_order in (0, 1, 2, 3):
        with fake.on_card(shim, turn_order):
            given = task(paddle.to_tensor(logits), paddle.to_tensor(labels), False)
            tables.append(kernel.error_sums(given, m.flat(ALL[-12:])).numpy())
    assert all(np.array_equal(tables[0], other) for other in tables[1:])
    expected = expected_sums(logits, labels.astype("int64"), False, [m.ERROR])[ALL[-1]]
    np.testing.assert_allclose(tables[0][..., -1], expected, rtol=2e-6)


def test_pixels_that_do_not_count_may_hold_anything(card):
    logits, labels = problem(Case("multiclass", 3, (9, 11)), dtype="uint8")
    labels[..., :3] = 40
    out = np.broadcast_to(labels > 2, logits.shape)
    logits[out] = np.nan
    for everywhere in (False, True):
        y = np.full_like(labels, 255) if everywhere else labels
        table, slope = _made(logits, y, DICE, np.ones((2, 3, 3)))
        assert np.isfinite(table).all()
        assert bool((table == 0).all()) == everywhere
        assert (slope[out] == 0).all()
        assert slope.any() != everywhere


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_logit_that_is_no_number_is_seen(card, value):
    for label in (0, 1):
        logits = np.zeros((1, 3, 4), "float32")
        logits[0, 1, 2] = value
        labels = np.full((1, 1, 4), label, "uint8")
        table, slope = _made(logits, labels, DICE, np.ones((1, 3, 3)))
        assert np.isnan(table[0, label]).any()
        assert np.isnan(slope[0, :, 2]).any()
        assert np.isfinite(slope[0, :, [0, 1, 3]]).all()


def test_a_class_that_is_ruled_out(card):
    """A logit of -infinity is a probability of 0; of all classes, no probability at all."""
    logits = np.zeros((1, 3, 4), "float32")
    logits[0, 2] = -np.inf
    labels = np.zeros((1, 1, 4), "uint8")
    table, slope = _made(logits, labels, DICE, np.ones((1, 3, 3)))
    np.testing.assert_allclose(table[0], [[2, 2, 0], [0, 0, 2], [0, 0, 0]])
    assert np.isfinite(slope).all()
    logits[0, :, 1] = -np.inf
    assert np.isnan(_made(logits, labels, DICE, np.ones((1, 3, 3)))[0]).any()


def test_many_classes_have_no_room(card):
    """Exponentials of a warp fit for some hundreds of classes; of more, none are kept."""
    rng = np.random.default_rng(0)
    for classes, kept in ((250, True), (1100, False)):
        logits = rng.normal(size=(1, classes, 40)).astype("float32")
        labels = rng.integers(0, 250, (1, 1, 40)).astype("uint8")
        card.launches.clear()
        table, slope = _made(logits, labels, DICE, np.ones((1, classes, 3)))
        expected, exact = _exact(logits, labels, DICE, np.ones((1, classes, 3)))
        np.testing.assert_allclose(table, expected, rtol=2e-6, atol=1e-9)
        np.testing.assert_allclose(slope, exact, rtol=0, atol=2e-6 * np.abs(exact).max())
        assert ("kept_gradient_f32" in card.names) == kept
        assert all(launch.shared <= 48 << 10 for launch in card.launches)


def test_specs_say_what_they_are():
    made = sum_specs.SumSpecs.of_list(m.flat([m.SumSpec(m.NEGATIVE, m.power(2)), m.SumSpec(m.POSITIVE, m.NLL)]))
    flags = made.count, made.positives, made.logits, made.nll, made.curved, made.negative_nll
    assert flags == (2, 1, 1, 1, 1, 0)
    assert [made.of[j].column for j in range(2)] == [1, 0]


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
def test_numbers_of_pixels_do_not_depend_on_logits(card, mode):
    logits, labels = problem(Case(mode, 3, (9, 11)), dtype="uint8")
    sigmoid = mode != "multiclass"
    given = task(paddle.full(logits.shape, float("nan")), paddle.to_tensor(labels), sigmoid)
    table = kernel.error_sums(given, m.flat([m.SumSpec(m.POSITIVE, m.COUNT)]))
    wanted = (labels == 1) if sigmoid else labels == np.arange(3).reshape(1, 3, 1, 1)
    np.testing.assert_array_equal(table.numpy()[..., 0], wanted.reshape(2, 3, -1).sum(-1))
    assert not any(name.startswith("kept") for name in card.names)


def test_tensors_on_two_cards_are_refused(card, monkeypatch):
    """Kernels are given addresses, which say nothing about the card."""
    logits, labels = problem(CASES[0], dtype="uint8")
    y = paddle.to_tensor(labels)
    index = fake.FakePlatform.index
    monkeypatch.setattr(fake.FakePlatform, "index", lambda self, x: 1 if x is y else index(self, x))
    with pytest.raises(KernelError, match="several devices"):
        kernel.error_sums(task(paddle.to_tensor(logits), y, False), m.flat(DICE))
