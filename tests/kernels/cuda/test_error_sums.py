"""The kernels of sums and values: equal to float64, in any order of the threads, for logits and labels of any type."""

import mmap

import numpy as np
import paddle
import pytest

from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels.cuda import cuda_problem, launcher, pixelwise, sum_specs, tiling
from paddleseg_losses.kernels.cuda import error_sums as kernel
from paddleseg_losses.problem import Problem
from tests.kernels.cuda import fake
from tests.kernels.problems import FUNCTIONS, expected_sums, problem, specs, task
from tests.laws.cases import Case

CASES = [
    Case("binary", 1, (17, 21)),
    Case("multiclass", 2, (23, 29)),
    Case("multiclass", 5, (301,), samples=3),
    Case("multiclass", 150, (7, 13), samples=1),
    Case("multilabel", 3, (5, 7, 9)),
    Case("multiclass", 3, (1, 1)),
]
LABELS = ["uint8", "int8", "int16", "int32", "int64"]


def _specs(sigmoid):
    """All that the functional room asks kernels for."""
    others = [] if sigmoid else [m.SumSpec(m.NEGATIVE, m.COUNT), m.SumSpec(m.NEGATIVE, m.PROB_TRUE)]
    return specs(sigmoid) + others


def _gradient_in_float64(logits, labels, mode, wanted, factors):
    z = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(z, paddle.to_tensor(labels), mode))
    sum((m.sum_of(inputs, *each) * paddle.to_tensor(factors[..., k])).sum() for k, each in enumerate(wanted)).backward()
    return z.grad.numpy()


@pytest.mark.parametrize("turn_order", [0, 2])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sums_are_those_of_float64(shim, case, turn_order):
    logits, labels = problem(case)
    sigmoid = case.mode != "multiclass"
    wanted = _specs(sigmoid)
    with fake.on_card(shim, turn_order):
        table = kernel.error_sums(
            task(paddle.to_tensor(logits), paddle.to_tensor(labels), sigmoid), m.flat(wanted)
        ).numpy()
    expected = expected_sums(logits, labels, sigmoid, FUNCTIONS)
    for k, spec in enumerate(wanted):
        scale = np.abs(expected[spec]).max()
        np.testing.assert_allclose(table[..., k], expected[spec], rtol=2e-6, atol=2e-7 * scale, err_msg=str(spec))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_those_of_float64(card, case):
    logits, labels = problem(case)
    sigmoid = case.mode != "multiclass"
    wanted = _specs(sigmoid)
    factors = np.random.default_rng(5).normal(size=(case.samples, case.channels, len(wanted)))
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    (kernel.error_sums(task(z, y, sigmoid), m.flat(wanted)) * paddle.to_tensor(factors, "float32")).sum().backward()
    expected = _gradient_in_float64(logits, labels, case.mode, wanted, factors)
    np.testing.assert_allclose(z.grad.numpy(), expected, rtol=0, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", LABELS)
@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=str)
def test_labels_of_any_type(card, case, dtype):
    logits, labels = problem(case)
    ignore = 100  # which an int8 holds
    labels[labels == 255] = ignore
    sigmoid, wanted = case.mode != "multiclass", m.flat([m.SumSpec(m.POSITIVE, m.NLL), m.SumSpec(m.POSITIVE, m.COUNT)])
    tables = [
        kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(y), sigmoid, ignore), wanted).numpy()
        for y in (labels, labels.astype(dtype))
    ]
    np.testing.assert_allclose(*tables, rtol=2e-6)  # uint8 may have a kernel of its own
    assert tables[0].any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=str)
def test_half_precision_is_read_as_it_is(card, case, dtype):
    """Sums are those of the rounded logits; the gradient is rounded once."""
    logits, labels = problem(case)
    sigmoid = case.mode != "multiclass"
    wanted = _specs(sigmoid)
    half = paddle.to_tensor(logits).astype(dtype)
    rounded = half.astype("float32").numpy()
    half.stop_gradient = False
    table = kernel.error_sums(task(half, paddle.to_tensor(labels), sigmoid), m.flat(wanted))
    assert table.dtype == paddle.float32
    expected = expected_sums(rounded, labels, sigmoid, FUNCTIONS)
    for k, spec in enumerate(wanted):
        scale = np.abs(expected[spec]).max()
        np.testing.assert_allclose(table[..., k].numpy(), expected[spec], rtol=2e-6, atol=2e-7 * scale)
    factors = np.random.default_rng(5).normal(size=table.shape)
    (slope,) = paddle.grad((table * paddle.to_tensor(factors, "float32")).sum(), half)
    assert slope.dtype == half.dtype
    exact = _gradient_in_float64(rounded, labels, case.mode, wanted, factors)
    digits = 2.0 ** (-11 if dtype == "float16" else -8)
    groups = -(-len(wanted) // sum_specs.MOST)  # each is rounded, and so are their sums
    off = np.abs(slope.astype("float32").numpy() - exact)
    assert (off <= 2 * groups * digits * np.abs(exact) + 2 * groups * digits * 1e-2 * np.abs(exact).max()).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("case", [CASES[2], CASES[4]], ids=str)
def test_pixels_have_weights(card, case, channels):
    """A weight counts as often as its pixel; sigmoids may have one for each channel."""
    sigmoid = case.mode != "multiclass"
    if not sigmoid and channels > 1:
        return
    logits, labels = problem(case)
    rng = np.random.default_rng(2)
    weight = rng.random((case.samples, channels, *case.space)).astype("float32")
    wanted = [m.SumSpec(side, f) for side in (0, 1) for f in (m.COUNT, m.ERROR, m.NLL)]
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    table = kernel.error_sums(task(z, y, sigmoid), m.flat(wanted), weight=paddle.to_tensor(weight))
    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y, case.mode), pixel_weight=paddle.to_tensor(weight.astype("float64")))
    expected = paddle.stack([m.sum_of(inputs, *each) for each in wanted], axis=-1)
    np.testing.assert_allclose(table.numpy(), expected.numpy(), rtol=2e-6)
    factors = rng.normal(size=table.shape)
    (slope,) = paddle.grad((table * paddle.to_tensor(factors, "float32")).sum(), z)
    (exact,) = paddle.grad((expected * paddle.to_tensor(factors)).sum(), double)
    np.testing.assert_allclose(slope.numpy(), exact.numpy(), rtol=0, atol=2e-6 * float(exact.abs().max()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_of_pixels_and_their_gradient(card, case):
    logits, labels = problem(case)
    sigmoid = case.mode != "multiclass"
    wanted = [each for each in specs(sigmoid) if sigmoid or each.side == m.POSITIVE][: sum_specs.MOST]
    rng = np.random.default_rng(6)
    factors = rng.random((case.samples, case.channels, len(wanted)))
    weight = rng.random(labels.shape).astype("float32")
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    columns = [(paddle.to_tensor(factors[..., k], "float32"), 2.0) for k in range(len(wanted))]
    values = pixelwise.pixel_values(task(z, y, sigmoid), m.flat(wanted), columns)
    assert list(values.shape) == list(labels.shape)
    np.testing.assert_array_equal(values.numpy()[labels == 255], 0)
    sums = expected_sums(logits, labels, sigmoid, FUNCTIONS)
    total = sum(2 * (factors[..., k] * sums[each]).sum() for k, each in enumerate(wanted))
    assert float(values.sum()) == pytest.approx(total, rel=2e-6)
    (slope,) = paddle.grad((values * paddle.to_tensor(weight)).sum(), z)
    double = paddle.to_tensor(logits.astype("float64"), stop_gradient=False)
    inputs = Inputs(Problem(double, y, case.mode), pixel_weight=paddle.to_tensor(weight.astype("float64")))
    table = sum((m.sum_of(inputs, *e) * paddle.to_tensor(2 * factors[..., k])).sum() for k, e in enumerate(wanted))
    (exact,) = paddle.grad(table, double)
    np.testing.assert_allclose(slope.numpy(), exact.numpy(), rtol=0, atol=2e-6 * float(exact.abs().max()))


def test_numbers_are_coefficients_too(card):
    logits, labels = problem(CASES[2])
    given = task(paddle.to_tensor(logits), paddle.to_tensor(labels), False)
    specs = m.flat([m.SumSpec(m.POSITIVE, m.NLL), m.SumSpec(m.POSITIVE, m.ERROR)])
    one, both = (pixelwise.pixel_values(given, specs, [(1.0, 1.0), (x, 3.0)]) for x in (0.0, 0.5))
    error = pixelwise.pixel_values(given, specs[1:], [(1.0, 1.0)])
    np.testing.assert_allclose(both.numpy(), (one + 1.5 * error).numpy(), rtol=1e-6)


def test_many_classes_take_fewer_threads(card):
    """The sums of all warps lie in the memory that a block has."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(1, 1100, 40)).astype("float32"), rng.integers(0, 1100, (1, 1, 40))
    wanted = [m.SumSpec(m.POSITIVE, m.ERROR), m.SumSpec(m.NEGATIVE, m.ERROR), m.SumSpec(m.POSITIVE, m.NLL)]
    table = kernel.error_sums(task(paddle.to_tensor(logits), paddle.to_tensor(labels), False), m.flat(wanted)).numpy()
    expected = expected_sums(logits, labels, False, [m.ERROR, m.NLL])
    for k, spec in enumerate(wanted):
        np.testing.assert_allclose(table[..., k], expected[spec], rtol=2e-6, atol=1e-9)
    (sums,) = [launch for launch in card.launches if launch.name == "softmax_sums_f32"]
    assert sums.block == (64, 1, 1)
    assert sums.shared == 2 * 1100 * 3 * 4


def test_the_same_bits_in_any_order_of_the_threads(shim):
    logits, labels = problem(Case("multiclass", 4, (33, 41)))
    wanted, tables = _specs(False), []
    for turn_order in (0, 1, 2, 3):
        with fake.on_card(shim, turn_order):
            given = task(paddle.to_tensor(logits), paddle.to_tensor(labels), False)
            tables.append(kernel.error_sums(given, m.flat(wanted)).numpy())
    assert all(np.array_equal(tables[0], other) for other in tables[1:])


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
def test_pixels_that_do_not_count_may_hold_anything(card, mode):
    """Ignored and junk labels; without a pixel that counts sums are 0, and so is the gradient."""
    logits, labels = problem(Case(mode, 3, (9, 11)))
    labels[labels == 255] = -7
    labels[..., :3] = 40
    out = np.broadcast_to((labels < 0) | (labels > 2), logits.shape)
    logits[out] = np.nan
    sigmoid, wanted = mode != "multiclass", m.flat(_specs(mode != "multiclass"))
    for everywhere in (False, True):
        y = np.full_like(labels, 255) if everywhere else labels
        z = paddle.to_tensor(logits, stop_gradient=False)
        table = kernel.error_sums(task(z, paddle.to_tensor(y), sigmoid), wanted)
        (slope,) = paddle.grad((table * table).sum(), z)
        assert np.isfinite(table.numpy()).all()
        assert bool((table == 0).all()) == everywhere
        assert (slope.numpy()[out] == 0).all()
        assert slope.numpy().any() != everywhere


def test_places_are_counted_with_64_bits(card):
    """The last block of 2^31 pixels and more, in memory of which nothing else is touched (0x4000: MAP_NORESERVE)."""
    size, classes, flags = (1 << 31) + 200, 2, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
    rooms = [mmap.mmap(-1, room, flags=flags) for room in (4 * classes * size, size, 4 * classes * size)]
    logits, labels, slopes = (np.frombuffer(room, kind) for room, kind in zip(rooms, ("float32", "uint8", "float32")))
    tiles = -(-size // tiling.BLOCK)
    card.first_block = tiles - 1
    logits[[size - 1, 2 * size - 1]] = 2.0, 3.0
    labels[size - 1] = 1
    specs = sum_specs.SumSpecs.of_list(m.flat([m.SumSpec(m.POSITIVE, m.NLL)]))
    upstream = np.ones((classes, 1), "float32")
    given = cuda_problem.Labels(labels.ctypes.data, 0, classes, 255)
    pixels = cuda_problem.Pixels(given, None, 1, classes, tiling.BLOCK, tiles, size)
    launcher.launch(
        card, "softmax_gradient_f32", tiles, tiling.BLOCK, 0, logits.ctypes.data, pixels, upstream.ctypes.data,
        slopes.ctypes.data, specs, device=0, stream=0,
    )  # fmt: skip
    p = 1 / (1 + np.exp(1.0))
    np.testing.assert_allclose(slopes[[size - 1, 2 * size - 1]], [p, -p], rtol=1e-6)
    np.testing.assert_allclose(slopes[[size - 2, 2 * size - 2]], [-0.5, 0.5])
