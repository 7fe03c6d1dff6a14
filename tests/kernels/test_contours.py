"""Boundaries of regions in native code: the losses equal the composed ones in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryDoULoss, ShapeAwareLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels import contours
from tests.kernels.problems import assert_equal_to_float64, task
from tests.kernels.regions import LARGE, blocks_of
from tests.laws.cases import CASES, Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

OPTIONS = [
    (ShapeAwareLoss, {}),
    (ShapeAwareLoss, {"spacing": 1.5, "reduction": "none"}),
    (BoundaryDoULoss, {}),
]


@pytest.mark.parametrize(("cls", "options"), OPTIONS, ids=lambda x: getattr(x, "__name__", str(x)))
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "noise"])
def test_equal_to_float64(cls, options, case, blocks):
    logits, labels = case.logits(dtype="float32"), blocks_of(case) if blocks else case.labels()
    assert_equal_to_float64(cls(**options), logits, labels, atol=1e-6)


@pytest.mark.parametrize("cls", [ShapeAwareLoss, BoundaryDoULoss])
@pytest.mark.parametrize("samples", [1, 3])
def test_same_bits_on_any_number_of_threads(cls, samples, monkeypatch):
    case, results = Case("multiclass", 3, (301, 257), samples=samples), []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(cls(), case.logits(dtype="float32"), blocks_of(case)))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


@pytest.mark.parametrize(
    ("labels", "dtype", "spacing"),
    [((2, 1, 6), "float32", None), ((2, 1, 5), "float64", None), ((2, 1, 5), "float32", (1.0, 2.0))],
)
def test_refuses_what_native_code_could_not_check(labels, dtype, spacing):
    logits, labels = paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64")
    with pytest.raises(KernelError):
        contours.contour_errors(task(logits, labels, False), spacing)
    if spacing is None:
        with pytest.raises(KernelError):
            contours.boundary_counts(task(logits, labels, False))
