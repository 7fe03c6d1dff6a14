"""Problems for the kernels of sums, and the sums in float64."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryLoss, HausdorffDTLoss
from paddleseg_losses.functional import error_sums as m
from paddleseg_losses.problem import Problem
from tests.laws.cases import CASES, Case, supports, value_and_gradient

FUNCTIONS = [
    m.COUNT, m.PROB_TRUE, m.ERROR, m.NLL, m.power(2), m.power(0.3), m.power(1.7), m.focal(2), m.focal(1), m.focal(0.4),
    m.nll_power(0.3), m.nll_power(2.5), m.lq(0.3), m.lq(0.7), m.focal(0, 0.1), m.focal(0.4, 0.2), m.focal(4, 0.05),
    m.focal(2, held=True), m.focal(1, 0.1, held=True),
]  # fmt: skip
# Larger than a tile of pixels, odd, and with more classes than fit one.
LARGE = [
    Case("binary", 1, (67, 71)),
    Case("multiclass", 2, (61, 83)),
    Case("multiclass", 5, (3001,), samples=3),
    Case("multiclass", 150, (37, 53), samples=1),
    Case("multilabel", 3, (13, 17, 19)),
    Case("multiclass", 3, (1, 1)),
]
# Small, odd, and with axes of length 1.
ODD = [
    Case("binary", 1, (97, 61), samples=1),
    Case("multiclass", 3, (3001,), samples=1),
    Case("multilabel", 3, (13, 31, 27)),
    Case("multiclass", 3, (1, 1)),
    Case("binary", 1, (1, 40, 1)),
]
DISTANCE_LOSSES = [
    (HausdorffDTLoss, {}),
    (HausdorffDTLoss, {"alpha": 1.0, "spacing": 1.5, "include_background": True}),
    (HausdorffDTLoss, {"alpha": 0.7, "one_sided": True, "reduction": "none"}),
    (HausdorffDTLoss, {"alpha": 0.0}),
    (BoundaryLoss, {}),
    (BoundaryLoss, {"spacing": 0.5, "include_background": True, "reduction": "none"}),
]


def parameters(losses, large):
    """Each loss with its options on each case that it takes."""
    return [
        pytest.param(cls, case, options, id=f"{cls.__name__}-{case}-{options}")
        for cls, options in losses
        for case in [*CASES, *large]
        if supports(cls.spec, case)
    ]


def problem(case, dtype="int64", seed=0):
    """Logits and labels as the kernels take them."""
    labels = case.labels(seed=seed + 1).astype(dtype)
    if case.mode != "multilabel":
        labels = labels[:, None]
    return case.logits(seed=seed, dtype="float32", scale=2.5), labels


def expected_sums(logits, labels, sigmoid, functions):
    """Sums of both sides in float64."""
    z = logits.reshape(*logits.shape[:2], -1).astype("float64")
    y = labels.reshape(*labels.shape[:2], -1).astype("int64")
    if sigmoid:
        own, valid = y == 1, y != 255
        log_p, log_q = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    else:
        own, valid = y == np.arange(z.shape[1])[:, None], np.broadcast_to(y != 255, z.shape)
        log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
        rest = [np.logaddexp.reduce(np.delete(z, c, axis=1), axis=1) for c in range(z.shape[1])]
        log_q = -np.logaddexp(0, z - np.stack(rest, axis=1))
    cost = -np.where(own, log_p, log_q)
    error = -np.expm1(-cost)

    def power(x, gamma):
        return np.where(x > 1e-7, np.maximum(x, 1e-7) ** gamma, x * 1e-7 ** (gamma - 1)) if gamma < 1 else x**gamma

    def value(function):
        kind, gamma, clip = function
        rest = np.where(error > clip, error - clip, 0)
        return {
            0: lambda: np.ones_like(error), 1: lambda: 1 - error, 2: lambda: error, 3: lambda: power(error, gamma),
            4: lambda: cost, 6: lambda: power(cost, gamma), 7: lambda: (1 - np.exp(-cost) ** gamma) / gamma,
        }.get(kind, lambda: (power(rest, gamma) if gamma else 1) * (-np.log1p(-rest) if clip else cost))()  # fmt: skip

    sides = (own & valid, ~own & valid)
    return {m.SumSpec(s, f): np.where(sides[s], value(f), 0).sum(-1) for s in (0, 1) for f in functions}


def specs(sigmoid, functions=FUNCTIONS):
    """Sums that the kernel knows."""
    known = [m.SumSpec(m.POSITIVE, f) for f in functions]
    others = functions if sigmoid else [f for f in functions if f in (m.ERROR, m.NLL) or f.kind == 3]
    return known + [m.SumSpec(m.NEGATIVE, f) for f in others]


def task(scores, labels, sigmoid=None, ignore_index=255):
    """The problem of these tensors; under a sigmoid each channel is on its own."""
    sigmoid = scores.shape[1] == labels.shape[1] if sigmoid is None else sigmoid
    return Problem(scores, labels, "multilabel" if sigmoid else "multiclass", ignore_index)


def tensors(case, dtype="int64"):
    """Logits with a NaN where a pixel is ignored, and labels, as arrays and as a problem."""
    logits, labels = problem(case, dtype)
    ignored = np.broadcast_to(labels == 255, logits.shape)
    logits[ignored] = np.nan
    z = paddle.to_tensor(logits, stop_gradient=False)
    return logits, labels, z, task(z, paddle.to_tensor(labels), case.mode != "multiclass")


def assert_equal_to_float64(loss, logits, labels, atol=0.0, gradient_atol=2e-6):
    """A loss by its kernel has the value and the gradient of the composed one in float64.

    `gradient_atol` is relative to the largest gradient.
    """
    logits = logits.astype("float32")
    value, gradient = value_and_gradient(loss, logits, labels)
    expected, slope = value_and_gradient(loss, logits.astype("float64"), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=atol)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=gradient_atol * np.abs(slope).max())


def assert_refuses_second_derivatives(loss, space=(5, 7)):
    """By one of our errors, and not by a wrong number."""
    case = Case("multiclass", 3, space)
    z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    value = loss(z, paddle.to_tensor(case.labels()))
    # Paddle wraps what a backward pass raises; some operators of 2.6 refuse themselves.
    with pytest.raises((OSError, RuntimeError), match="create_graph"):
        paddle.grad(value, z, create_graph=True)


def assert_same_on_any_number_of_threads(monkeypatch, loss, logits, labels):
    """Value and gradient, bit for bit."""
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(value_and_gradient(loss, logits.astype("float32"), labels))
    assert results[0][1].any()
    for value, gradient in results[1:]:
        assert value == results[0][0]
        assert np.array_equal(gradient, results[0][1])
