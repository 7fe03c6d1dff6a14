"""Terms of a sum read the same shares, composed: in any order the sum is that of the terms alone."""

from itertools import permutations

import numpy as np
import paddle
import pytest

from paddleseg_losses import WeightedSumLoss, kernels, registry
from tests.laws.cases import IGNORED, Case, value_and_gradient

# One each that reads overlaps, powers of shares, errors that are sorted, the likelihood, and what exceeds the target.
TERMS = ("DiceLoss", "SensitivitySpecificityLoss", "LovaszSoftmaxLoss", "FocalLoss", "HausdorffDTLoss")
CASE = Case("multiclass", 4, (9, 7), samples=3)


def _inputs():
    logits, labels = CASE.logits(seed=3), CASE.labels(seed=4, ignored=0.3)
    logits[np.repeat((labels == IGNORED)[:, None], CASE.channels, axis=1)] = np.nan
    return logits, labels


@pytest.fixture(scope="module")
def alone():
    with kernels.use_kernels("composed"):
        return {name: value_and_gradient(registry.build(name), *_inputs()) for name in TERMS}


@pytest.mark.parametrize("names", [*permutations(TERMS, 2), TERMS, TERMS[::-1], TERMS[2:] + TERMS[:2]], ids="-".join)
def test_a_sum_is_that_of_its_terms(names, alone):
    with kernels.use_kernels("composed"):
        value, gradient = value_and_gradient(WeightedSumLoss(losses=list(names)), *_inputs())
    np.testing.assert_allclose(value, sum(alone[name][0] for name in names), rtol=1e-12)
    np.testing.assert_allclose(gradient, sum(alone[name][1] for name in names), rtol=1e-9, atol=1e-15)


def test_the_largest_share_is_looked_for_once(monkeypatch):
    looked, argmax = [], paddle.Tensor.argmax
    monkeypatch.setattr(paddle.Tensor, "argmax", lambda *args, **kwargs: looked.append(1) or argmax(*args, **kwargs))
    with kernels.use_kernels("composed"):
        value_and_gradient(WeightedSumLoss(losses=["DiceLoss", "FocalLoss", "LovaszSoftmaxLoss"]), *_inputs())
    assert len(looked) == 1
