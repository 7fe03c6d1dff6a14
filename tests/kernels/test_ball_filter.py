"""Errors by balls in native code: equal to the composed loss in float64, in value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import HausdorffCVLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.ball_filter import LARGEST, ball_filter_sums
from tests.kernels.problems import assert_equal_to_float64, assert_refuses_second_derivatives, task
from tests.laws.cases import CASES, Case, value_and_gradient, value_of

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (163, 201), samples=1),
    Case("multiclass", 5, (5001,), samples=1),
    Case("multilabel", 3, (31, 57)),
    Case("multiclass", 3, (1, 1)),
    Case("multiclass", 2, (40, 1)),
    Case("multiclass", 3, (13, 19, 37), samples=1),
    Case("binary", 1, (5, 1, 70)),
    Case("multilabel", 2, (1, 24, 9)),
]
OPTIONS = [
    {},
    {"alpha": 0.7, "radii": [0.5, 1.5, 60]},
    {"radii": [2], "include_background": True, "reduction": "none"},
]


def test_the_page_says_how_large():
    pixels = "radii up to {} pixels ({} on three axes)".format(*LARGEST[1:])
    assert LARGEST[0] == LARGEST[1]
    assert pixels in HausdorffCVLoss.__doc__


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
def test_equal_to_float64(case, options):
    logits, labels = case.logits(dtype="float32"), case.labels()
    assert_equal_to_float64(HausdorffCVLoss(**options), logits, labels, atol=1e-6, gradient_atol=1e-5)


@pytest.mark.parametrize("space", [(201, 157), (23, 31, 47)], ids=str)
@pytest.mark.parametrize("samples", [1, 3])
def test_same_bits_on_any_number_of_threads(space, samples, monkeypatch):
    case, results = Case("multiclass", 3, space, samples=samples), []
    logits, labels = case.logits(dtype="float32"), case.labels()
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(HausdorffCVLoss(), logits, labels))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0] == value_of(HausdorffCVLoss(), logits, labels)
        assert np.array_equal(gradient, results[0][1])


def test_ignored_pixels_get_no_gradient_whatever_their_probability():
    rng = np.random.default_rng(0)
    p = paddle.to_tensor(rng.random((1, 1, 9, 8)).astype("float32"), stop_gradient=False)
    labels = rng.choice([0, 1, 255], (1, 1, 9, 8))
    ball_filter_sums(task(p, paddle.to_tensor(labels), True), 0, [2.0], [1.0]).sum().backward()
    gradient = p.grad.numpy()
    assert not gradient[labels == 255].any()
    assert gradient[labels != 255].any()


def test_second_derivatives_are_refused():
    assert_refuses_second_derivatives(HausdorffCVLoss())


@pytest.mark.parametrize(
    ("shape", "dtype", "radii"),
    [
        ((2, 3, 5), "float64", [1.0]),
        ((2, 3, 5), "float32", [65.0]),
        ((2, 3, 5), "float32", [float("nan")]),
        ((2, 3, 5, 4, 3), "float32", [49.0]),
        ((2, 3, 5, 4, 3, 2), "float32", [1.0]),
    ],
)
def test_refuses_what_native_code_could_not_check(shape, dtype, radii):
    labels = paddle.zeros([2, 1, *shape[2:]], "int64")
    with pytest.raises(KernelError):
        ball_filter_sums(task(paddle.zeros(shape, dtype), labels, False), 0, radii, [1.0])
