"""A logit of minus infinity, which masks a class: what has no probability costs infinity, on every backend alike.

The slope is the limit of that of ever smaller logits, where it has one.
"""

import numpy as np
import pytest

from paddleseg_losses import build, kernels, registry
from tests.laws.cases import BACKENDS, Case, value_and_gradient

SMOOTHED = {"label_smoothing": 0.2}
LOSSES = [
    ("CrossEntropyLoss", SMOOTHED),
    ("BinaryCrossEntropyLoss", SMOOTHED),
    ("WeightedBinaryCrossEntropyLoss", SMOOTHED),
    ("BalancedCrossEntropyLoss", SMOOTHED),
    ("TopKCrossEntropyLoss", {**SMOOTHED, "k": 100}),
    ("LogitAdjustedLoss", {**SMOOTHED, "class_priors": "batch"}),
    ("DiceCELoss", SMOOTHED),
    ("SpatialLabelSmoothingLoss", {}),
    ("MarginSmoothingLoss", {}),
    ("NACLLoss", {}),
]
CASES = [
    Case("binary", 1, (5, 7)),
    Case("multiclass", 2, (5, 7)),
    Case("multiclass", 3, (5, 7)),
    Case("multilabel", 3, (5, 7)),
]


def _with_masked(case, lowest):
    """A fifth of the logits of labels that are not there is the lowest number; ignored pixels have it too."""
    logits, labels = case.logits(dtype="float32"), case.labels()
    hot = np.moveaxis(np.eye(case.channels)[labels % 255], -1, 1) if case.mode == "multiclass" else labels
    wrong = np.reshape(hot != 1, logits.shape)
    logits[wrong & (np.random.default_rng(3).random(logits.shape) < 0.2)] = lowest
    return logits, labels


@pytest.mark.parametrize(
    ("name", "options", "case"),
    [(*each, case) for each in LOSSES for case in CASES if case.mode in registry.get(each[0]).modes],
    ids=str,
)
def test_what_has_no_probability_costs_infinity(name, options, case):
    loss = build(name, **options)
    logits, labels = _with_masked(case, -np.inf)
    _, limit = value_and_gradient(loss, _with_masked(case, -1e4)[0].astype("float64"), labels)
    for backend in BACKENDS:
        with kernels.use_kernels(backend):
            value, gradient = value_and_gradient(loss, logits, labels)
        assert value == np.inf, backend
        np.testing.assert_allclose(gradient, limit, atol=2e-6 * np.abs(limit).max(), err_msg=backend)


@pytest.mark.parametrize("smoothing", [0.2, 1])
@pytest.mark.parametrize(
    ("name", "options", "case"),
    [
        (*each, case)
        for each in LOSSES
        if "label_smoothing" in each[1]
        for case in CASES
        if case.mode in registry.get(each[0]).modes
    ],
    ids=str,
)
def test_the_label_itself_may_be_masked(name, options, case, smoothing):
    """Also where its share of the target is no larger than any other's."""
    loss = build(name, **{**options, "label_smoothing": smoothing})
    logits, labels = case.logits(dtype="float32"), case.labels()
    logits[0, 0, 0], labels[0, ..., 0, :] = -np.inf, 0 if case.mode == "multiclass" else 1
    for backend in BACKENDS:
        with kernels.use_kernels(backend):
            value, gradient = value_and_gradient(loss, logits, labels)
        assert value == np.inf, backend
        assert np.isfinite(gradient).all(), backend


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("rounding", [0, 1e-6])
def test_of_nothing_an_infinite_cost_is_nothing(rounding, case, backend):
    """Soft targets of 0 at classes of no probability, or a little below, which counts as 0."""
    logits, labels = _with_masked(case, -np.inf)
    hot = np.moveaxis(np.eye(case.channels)[labels % 255], -1, 1) if case.mode == "multiclass" else labels % 255
    soft = np.where(np.reshape(hot, logits.shape) == 1, 1 + rounding, -rounding).astype("float32")
    with kernels.use_kernels(backend):
        loss = build("CrossEntropyLoss" if case.mode == "multiclass" else "BinaryCrossEntropyLoss", mode=case.mode)
        value, gradient = value_and_gradient(loss, logits, soft)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("own", [-1e38, -1e31, -3.0, 0.0, 1e31, 1e38])
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "FocalLoss", "DiceLoss", "DiceCELoss", "LovaszSoftmaxLoss"])
def test_where_all_others_are_masked_the_label_is_certain(name, own, backend):
    logits, labels = np.array([[[[-np.inf]], [[own]], [[-np.inf]]]], "float32"), np.array([[[1]]])
    with kernels.use_kernels(backend):
        value, gradient = value_and_gradient(build(name), logits, labels)
    assert 0 <= value < 1e-6
    np.testing.assert_allclose(gradient, 0, atol=1e-6)
