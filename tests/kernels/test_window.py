"""Windows in native code: equal to the composed losses in float64, in value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import NACLLoss, StructuralSimilarityLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.window import nacl_penalty, ssl_sum
from tests.kernels.problems import assert_equal_to_float64, assert_refuses_second_derivatives, parameters, task
from tests.laws.cases import Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (363, 201), samples=1),  # several slabs
    Case("multiclass", 3, (80001,), samples=1),
    Case("multiclass", 5, (3, 190, 199), samples=1),  # a row that is larger than a slab
    Case("multilabel", 3, (31, 57)),
    Case("multiclass", 3, (1, 1)),
]
OPTIONS = [
    (StructuralSimilarityLoss, {}),
    (StructuralSimilarityLoss, {"window_size": 7, "sigma": 2.0, "beta": 0.4}),
    (StructuralSimilarityLoss, {"window_size": 1, "c4": 0.1}),
    (NACLLoss, {}),
    (NACLLoss, {"kernel_size": 7, "distance_type": "l2"}),
]


@pytest.mark.parametrize(("cls", "case", "options"), parameters(OPTIONS, LARGE))
def test_equal_to_float64(cls, case, options):
    logits, labels = case.logits(dtype="float32"), case.labels()
    assert_equal_to_float64(cls(**options), logits, labels)


@pytest.mark.parametrize("cls", [StructuralSimilarityLoss, NACLLoss])
def test_same_bits_on_any_number_of_threads(cls, monkeypatch):
    case = Case("multiclass", 2, (301, 257))
    logits, labels = case.logits(dtype="float32"), case.labels()
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(cls(), logits, labels))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


def test_nan_is_seen():
    logits = np.zeros((1, 1, 9), "float32")
    logits[0, 0, 3] = np.nan
    assert np.isnan(float(StructuralSimilarityLoss()(paddle.to_tensor(logits), paddle.zeros([1, 9], "int64"))))


def test_second_derivatives_are_refused():
    assert_refuses_second_derivatives(StructuralSimilarityLoss())


@pytest.mark.parametrize(
    ("labels", "dtype", "kernel"),
    [
        ((2, 1, 6), "float32", [1.0]),
        ((2, 1, 5), "float64", [1.0]),
        ((2, 1, 5), "float32", [1.0, 1.0]),
        ((2, 1, 5), "float32", [float("inf")]),
        ((2, 1, 5), "float32", []),
    ],
)
def test_refuses_what_native_code_could_not_check(labels, dtype, kernel):
    problem = task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False)
    with pytest.raises(KernelError):
        ssl_sum(problem, kernel, 0.01, 0.1)
    with pytest.raises(KernelError):
        nacl_penalty(problem, kernel, squared=False)
