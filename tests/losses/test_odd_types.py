"""Odd types as logits, labels, weights and options: the right value, or one of our errors, never a foreign one."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, registry
from paddleseg_losses.options import options_of, own_options_of

from .any_loss import build, problem, t

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(2, 3, 5, 6)).astype("float32")
Y = RNG.integers(3, size=(2, 5, 6))
FLOATS = (">f4", ">f8", "float16", "float64", "longdouble")
INTEGERS = (">i8", ">u2", "int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64")


def _value_or_ours(name, z, y, **options):
    """The value of a loss, or the text of one of our errors; anything else is raised."""
    try:
        return float(build(name, **options)(z, y).sum())
    except errors.LossError as error:
        return str(error)


def _is_refusal(outcome):
    """Whether it is a text of three lines: found, expected, what to do."""
    return isinstance(outcome, str) and outcome.count("\n") >= 2


@pytest.mark.parametrize("name", registry.names())
def test_arrays_of_any_number(name):
    z, y = problem(name, Z, Y)
    expected = float(build(name)(t(z), t(y)))
    for dtype in FLOATS:
        near = 1e-2 if dtype == "float16" else 1e-5
        assert float(build(name)(z.astype(dtype), y)) == pytest.approx(expected, rel=near, abs=near), dtype
    for dtype in INTEGERS:
        assert float(build(name)(t(z), y.astype(dtype))) == expected, dtype
    for other in (np.repeat(y, 2, -1)[..., ::2], np.asfortranarray(y), np.ma.masked_array(y), y[..., ::-1][..., ::-1]):
        assert float(build(name)(t(z), other)) == expected
    if registry.get(name).cls.takes_pixel_weight:
        for dtype in (*FLOATS, *INTEGERS):
            weight = np.ones(y.shape).astype(dtype)
            assert float(build(name)(t(z), t(y), weight)) == pytest.approx(expected, rel=1e-6), dtype


def _odd_tensors(x):
    for dtype in ("complex64", "O", "U4", "M8[s]", "V8"):
        yield x.astype(dtype) if dtype not in ("M8[s]", "V8") else np.zeros(x.shape, dtype)
    yield from (x.tolist(), t(x.astype("float32")).to_sparse_coo(x.ndim), t(x.astype("complex64")), x[..., 0], x[None])
    yield from (None, 0, 1.5, "a", b"a", object(), np.float32(1), np.int64(3), [], {}, np.zeros(0), t(1.0), t([]), int)


@pytest.mark.parametrize("name", registry.names())
def test_what_is_no_tensor_is_refused(name):
    z, y = problem(name, Z, Y)
    for odd in _odd_tensors(z):
        assert _is_refusal(_value_or_ours(name, odd, t(y)))
    for odd in _odd_tensors(y):
        assert _is_refusal(_value_or_ours(name, t(z), odd))


@pytest.mark.parametrize("name", registry.names())
def test_calls_with_other_arguments(name):
    z, y = map(t, problem(name, Z, Y))
    assert float(build(name)(logits=z, labels=y)) == float(build(name)(z, labels=y)) == float(build(name)(z, y, None))
    for args, named in (
        ((), {}), ((z,), {}), ((z, y, None, None), {}), ((z, y), {"weight": 1}), ((z, y), {"labels": y}),
        ((z,), {"pixel_weight": None}), ((), {"labels": y}),
    ):  # fmt: skip
        with pytest.raises(errors.InputError, match="was called with"):
            build(name)(*args, **named)


ONES = (
    np.float32(1), np.int64(1), np.float16(1), np.array(1.0), np.array([1.0]), np.longdouble(1), np.array([1], ">f8"),
    Fraction(1), Decimal(1), "1", 1, np.bool_(True), True,
)  # fmt: skip
ODD = (
    *ONES, t(1.0), t([1.0]), t([1.0, 2.0]), t([[1.0, 2.0]]), t(True), t([]), np.array([1.0, 2.0]), np.zeros(0),
    np.eye(2), np.ma.masked_array([1.0, 2.0], [0, 1]), np.array(["a"]), np.array([None]), np.datetime64("2020"),
    paddle.sparse.sparse_coo_tensor([[0], [0]], [1.0], [2, 2]), t([1.0]).astype("bfloat16"), 2**70, -(2**70), 10**400,
    1e308, 5e-324, float("nan"), float("inf"), 2**31, 2**63, 1j, b"1", "", "nan", "mean", None, [], {}, set(), {1: 2},
    [None], [[1], [2, 3]], [[0, 1], [1, 0]], [1e308] * 3, range(3), ["DiceLoss"], object(), len, int,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # what NumPy says of numbers that no float32 holds
@pytest.mark.parametrize("name", registry.names())
def test_options_of_any_type(name):
    z, y = map(t, problem(name, Z, Y))
    cls = type(build(name))
    for option in options_of(cls) if name == "DiceLoss" else own_options_of(cls):
        for odd in ODD if name == "DiceLoss" else ODD[registry.names().index(name) % 4 :: 4]:
            outcome = _value_or_ours(name, z, y, **{option: odd})
            assert isinstance(outcome, float) or _is_refusal(outcome)


@pytest.mark.parametrize("one", [*ONES[:-2], t(1.0), t([1.0])], ids=repr)
def test_a_number_is_a_number(one):
    assert pl.TverskyLoss(alpha=one).alpha == 1.0
    assert pl.SoftCLDiceLoss(iters=one).iters == 1
    assert type(pl.TverskyLoss(alpha=one).alpha) is float


def test_large_radii_windows_and_numbers_of_erosions_cost_nothing():
    """Beyond the image there is nothing to see."""
    z, y = t(Z[:1, :2, :3, :3]), t(Y[:1, :3, :3] % 2)
    volume, labels = t(RNG.normal(size=(1, 2, 3, 3, 3)).astype("float32")), t(RNG.integers(2, size=(1, 3, 3, 3)))
    for radius in (70.0, 1000.0, 1e5, 1e9, 1e12):
        for logits, truth in ((z, y), (volume, labels)):
            actual = float(pl.HausdorffCVLoss(radii=[radius], alpha=0)(logits, truth))
            p = paddle.nn.functional.softmax(logits.astype("float64"), axis=1)
            g = paddle.stack([truth == c for c in range(2)], axis=1).astype("float64")
            limit = float(((p - g) ** 2 * (p + g) / 2)[:, 1:].mean())  # the means over balls are nearly 0
            assert actual == pytest.approx(limit, rel=30 * 27 / radius**2 + 1e-6)
    assert float(pl.SoftCLDiceLoss(iters=2**31)(z, y)) == float(pl.SoftCLDiceLoss(iters=9)(z, y))
    large, small = (float(pl.StructuralSimilarityLoss(window_size=size)(z, y)) for size in (2**31 - 1, 5))
    assert large == small
    assert np.isfinite(float(pl.NACLLoss(kernel_size=2**31 - 1)(z, y)))


@pytest.mark.parametrize(
    ("square", "axes", "count"), [(4.0, 1, 5), (4.0, 2, 13), (2.25, 2, 9), (1.0, 3, 7), (4.0, 3, 33)]
)
def test_sizes_of_balls(square, axes, count):
    from paddleseg_losses.functional.ball_filter import ball_size

    assert ball_size(square, axes) == count
    for radius in (20.0, 300.5):
        steps = np.arange(-int(radius), int(radius) + 1)
        if axes == 3 and radius > 100:
            continue
        grids = np.meshgrid(*[steps**2] * axes, sparse=True)
        assert ball_size(radius**2, axes) == int((sum(grids) <= radius**2).sum())
