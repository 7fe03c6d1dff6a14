"""Errors priced by distance maps in native code: equal to the composed losses in float64, in value and gradient."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryLoss, HausdorffDTLoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.kernels.distance_weighted import hausdorff_sums
from paddleseg_losses.precomputed_maps.distances import Distances
from paddleseg_losses.transforms import DistanceMaps, known_maps
from tests.kernels.problems import (
    DISTANCE_LOSSES,
    assert_equal_to_float64,
    assert_refuses_second_derivatives,
    parameters,
    task,
)
from tests.laws.cases import Case, value_and_gradient

pytestmark = pytest.mark.usefixtures("native")

LARGE = [
    Case("binary", 1, (263, 301), samples=1),  # more than a chunk of pixels
    Case("multiclass", 5, (50001,), samples=1),
    Case("multiclass", 23, (13, 17, 19)),
    Case("multilabel", 3, (31, 57)),
    Case("multiclass", 3, (1, 1)),
]


@pytest.mark.parametrize(("cls", "case", "options"), parameters(DISTANCE_LOSSES, LARGE))
def test_equal_to_float64(cls, case, options):
    logits, labels = case.logits(dtype="float32"), case.labels()
    assert_equal_to_float64(cls(**options), logits, labels, atol=1e-6)


@pytest.mark.parametrize(("cls", "options"), DISTANCE_LOSSES)
@pytest.mark.parametrize("channels", [1, 3])
def test_known_maps_are_used_and_change_nothing(cls, options, channels, monkeypatch):
    case, options = (
        Case("multiclass" if channels > 1 else "binary", channels, (37, 41)),
        {**options, "spacing": (1.5, 0.5)},
    )
    logits, labels = case.logits(dtype="float32"), case.labels()
    labels[1] = 1  # full and empty masks
    made = [DistanceMaps(channels, options["spacing"]).of(label) for label in labels]
    maps = {key: np.stack([each[key] for each in made]) for key in made[0]}
    expected = value_and_gradient(cls(**options), logits, labels)
    used, mark = [], Distances.mark
    monkeypatch.setattr(Distances, "mark", lambda self: (used.append(1), mark(self)))
    with known_maps(maps):
        actual = value_and_gradient(cls(**options), logits, labels)
    assert used
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-5, atol=1e-6 * np.abs(expected[1]).max())


@pytest.mark.parametrize("samples", [1, 3])
def test_same_bits_on_any_number_of_threads(samples, monkeypatch):
    case = Case("multiclass", 2, (301, 257), samples=samples)
    logits, labels = case.logits(dtype="float32"), case.labels()
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(HausdorffDTLoss(spacing=0.7), logits, labels))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])


def test_second_derivatives_are_refused():
    assert_refuses_second_derivatives(BoundaryLoss())


@pytest.mark.parametrize(
    ("labels", "dtype", "spacing"),
    [((2, 1, 6), "float32", None), ((2, 1, 5), "float64", None), ((2, 1, 5), "float32", (1.0, 2.0))],
)
def test_refuses_what_native_code_could_not_check(labels, dtype, spacing):
    with pytest.raises(KernelError):
        hausdorff_sums(
            task(paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64"), False), 0, spacing, 2.0, False
        )
