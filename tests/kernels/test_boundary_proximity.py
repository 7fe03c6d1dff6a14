"""Depths of regions in native code: equal to the composed ones in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import DistancePenalizedCELoss
from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.boundary_proximity import boundary_proximity
from paddleseg_losses.kernels.boundary_proximity import region_proximity
from tests.kernels.problems import assert_equal_to_float64, task
from tests.kernels.regions import LARGE, blocks_of
from tests.laws.cases import CASES, Case

pytestmark = pytest.mark.usefixtures("native")

OPTIONS = [{}, {"normalize": False, "spacing": 0.7, "reduction": "none"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "noise"])
def test_equal_to_float64(options, case, blocks):
    logits, labels = case.logits(dtype="float32"), blocks_of(case) if blocks else case.labels()
    assert_equal_to_float64(DistancePenalizedCELoss(**options), logits, labels, atol=1e-6)


@pytest.mark.parametrize("space", [(300,), (150, 170), (20, 31, 43)], ids=str)
@pytest.mark.parametrize("spacing", [None, (0.5, 1.25, 3.0)])
def test_depths_of_all_regions_at_once(space, spacing):
    labels = blocks_of(Case("multiclass", 4, space))
    spacing = None if spacing is None else spacing[: len(space)]
    regions = paddle.to_tensor(np.stack([labels == c for c in range(4)], axis=1))
    expected = boundary_proximity(regions, False, spacing, "float64").numpy().sum(axis=1)
    logits = paddle.zeros([2, 4, *space])
    actual = region_proximity(task(logits, paddle.to_tensor(labels[:, None]), False), False, spacing)
    assert actual.numpy().any()
    np.testing.assert_allclose(actual.numpy()[:, 0], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 3])
def test_same_bits_on_any_number_of_threads(samples, monkeypatch):
    case, results = Case("multiclass", 3, (301, 257), samples=samples), []
    logits, labels = paddle.zeros([samples, 3, 301, 257]), paddle.to_tensor(blocks_of(case)[:, None])
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(region_proximity(task(logits, labels, False), True, None).numpy())
    assert results[0].any()
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


@pytest.mark.parametrize(
    ("labels", "dtype", "spacing"),
    [((2, 1, 6), "float32", None), ((2, 1, 5), "float64", None), ((2, 1, 5), "float32", (1.0, 2.0))],
)
def test_refuses_what_native_code_could_not_check(labels, dtype, spacing):
    logits, labels = paddle.zeros([2, 3, 5], dtype), paddle.zeros(labels, "int64")
    with pytest.raises(KernelError):
        region_proximity(task(logits, labels, False), True, spacing)
