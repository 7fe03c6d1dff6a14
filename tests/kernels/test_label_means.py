"""The kernel of labels mixed with those of the neighbours: equal to the composed formula in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.functional.label_means import mixed_labels, step_weights
from paddleseg_losses.inputs import Inputs
from paddleseg_losses.kernels.label_means import label_means
from paddleseg_losses.problem import Problem
from tests.kernels.problems import LARGE, tensors

pytestmark = pytest.mark.usefixtures("native")


@pytest.mark.parametrize(("half", "sigma"), [(1, 1.0), (3, 0.2), (90, 25.0)])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_label_means(case, half, sigma):
    logits, labels, _, given = tensors(case)
    steps = step_weights(sigma, max(given.reach(half), 1), half)
    exact = Problem(paddle.to_tensor(np.nan_to_num(logits).astype("float64")), given.labels, given.mode)
    expected = mixed_labels(Inputs(exact), *steps).numpy()
    actual = label_means(given, *steps).numpy()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-6)
    assert (actual == 255).sum() == np.broadcast_to(labels == 255, logits.shape).sum()
