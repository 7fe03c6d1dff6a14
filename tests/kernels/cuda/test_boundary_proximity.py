"""Proximity to the boundary of one's region on a card: that of native code, from labels alone."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import DistancePenalizedCELoss
from paddleseg_losses.kernels import boundary_proximity as on_host
from paddleseg_losses.kernels.cuda.boundary_proximity import region_proximity
from tests.kernels.cuda import fake
from tests.kernels.cuda.agreement import TURN_ORDERS, assert_equal_to_float64, assert_same_bits
from tests.kernels.problems import task
from tests.kernels.regions import blocks_of
from tests.laws.cases import Case

CASES = [
    Case("multiclass", 2, (17, 23)),
    Case("multiclass", 5, (61,)),
    Case("multiclass", 3, (9, 13, 8)),
    Case("multilabel", 3, (14, 11)),
    Case("multiclass", 3, (1, 1)),
    Case("multiclass", 150, (9, 20), samples=1),
]


def _problem(case):
    labels = blocks_of(case)
    labels = labels if case.mode == "multilabel" else labels[:, None]
    return task(paddle.zeros([case.samples, case.channels, *case.space]), paddle.to_tensor(labels))


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("spacing", [None, (1.5, 0.5, 4.0)], ids=["equal", "stretched"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_equal_to_native_code(shim, native, case, spacing, normalize):
    problem, spacing = _problem(case), spacing and spacing[: len(case.space)]
    expected = on_host.region_proximity(problem, normalize, spacing).numpy()
    with fake.on_card(shim):
        actual = region_proximity(problem, normalize, spacing).numpy()
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6 * max(expected.max(), 1))


def test_the_loss(card):
    case = Case("multiclass", 3, (13, 18))
    assert_equal_to_float64(DistancePenalizedCELoss(), case.logits(), blocks_of(case))
    assert "depth_invert" in card.names
    assert "edt_distance" not in card.names


def test_the_same_in_any_order_of_the_threads(shim):
    problem, results = _problem(Case("multiclass", 3, (23, 31))), []
    for order in TURN_ORDERS:
        with fake.on_card(shim, order):
            results.append([region_proximity(problem, False, None).numpy()])
    assert_same_bits(results)
