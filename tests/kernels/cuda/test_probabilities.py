"""Probabilities on a card: those of native code, from logits of any type, with gradients that keep their digits."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.kernels.cuda.cuda_problem import SCALARS
from paddleseg_losses.kernels.cuda.probabilities import folded_probabilities, probabilities
from tests.kernels.problems import task
from tests.laws.cases import Case

CASES = [
    Case("multiclass", 2, (5, 7)),
    Case("multiclass", 3, (11,)),
    Case("multilabel", 3, (3, 4, 5)),
    Case("multiclass", 150, (5, 3)),
]
KERNELS = {
    "no sign": probabilities,
    "in the own class": lambda problem: probabilities(problem, signed=True),
    "in every class": folded_probabilities,
}


def _expected(z, own, valid, sign, sigmoid):
    """Signed probabilities in float64, and the slope of their sum with a weight for each."""
    if sigmoid:
        p, rest = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))
    else:
        shares = np.exp(z - z.max(axis=1, keepdims=True))
        total = shares.sum(axis=1, keepdims=True)
        others = [np.delete(shares, c, axis=1).sum(axis=1) for c in range(z.shape[1])]
        p, rest = shares / total, np.stack(others, axis=1) / total
    folded = (p > 0.5) & {"no sign": False, "in the own class": own, "in every class": True}[sign]

    def slope(weight):
        mean = np.where(sigmoid, p * weight, (p * weight).sum(axis=1, keepdims=True))
        return np.where(valid, p * (weight - mean), 0)

    return np.where(valid, np.where(folded, -rest, p), 0), slope


@pytest.mark.parametrize("scale", [2.0, 20.0])
@pytest.mark.parametrize(("dtype", "step"), [("float32", 2e-6), ("float16", 1e-3), ("bfloat16", 8e-3)])
@pytest.mark.parametrize("sign", KERNELS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_equal_to_float64(card, case, sign, dtype, step, scale):
    sigmoid = case.mode == "multilabel"
    labels = case.labels() if sigmoid else case.labels()[:, None]
    z = paddle.to_tensor(case.logits(scale=scale)).astype(dtype)
    z.stop_gradient = False
    valid = np.broadcast_to(labels != 255, z.shape)
    own = labels == (1 if sigmoid else np.arange(case.channels).reshape([-1] + [1] * len(case.space)))
    expected, slope = _expected(z.detach().astype("float64").numpy(), own, valid, sign, sigmoid)
    weight = np.random.default_rng(5).normal(size=z.shape)

    p = KERNELS[sign](task(z, paddle.to_tensor(labels), sigmoid))
    (p * paddle.to_tensor(weight).astype("float32")).sum().backward()

    np.testing.assert_allclose(p.numpy(), expected, rtol=1e-5, atol=1e-37)
    gradient, slope = z.grad.astype("float64").numpy(), slope(weight)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=step * np.abs(slope).max())
    assert {name.rsplit("_", 1)[1] for name in card.names} == {SCALARS[z.dtype]}


@pytest.mark.parametrize("margin", [5.0, 15.0, 25.0, 40.0])
def test_what_is_left_of_a_sure_class_keeps_its_digits(card, margin):
    z = margin * np.eye(3)[None].repeat(2, 0)
    labels = np.arange(3)[None, None].repeat(2, 0)
    p = probabilities(task(paddle.to_tensor(z.astype("float32")), paddle.to_tensor(labels)), signed=True).numpy()
    error = 2 * np.exp(-margin) / (1 + 2 * np.exp(-margin))
    np.testing.assert_allclose(p[:, range(3), range(3)], -error, rtol=1e-6)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_logit_that_is_no_number_is_seen(card, number):
    z = np.zeros((1, 3, 4), "float32")
    z[0, 1, 2] = number
    p = probabilities(task(paddle.to_tensor(z), paddle.zeros([1, 1, 4], "int64"))).numpy()
    assert np.isnan(p[0, :, 2]).any()
    assert np.isfinite(p[0, :, [0, 1, 3]]).all()


def test_classes_may_be_shut_out(card):
    z = np.array([[[-np.inf], [-np.inf], [0.5], [0.5]]], "float32")
    p = probabilities(task(paddle.to_tensor(z), paddle.zeros([1, 1, 1], "int64"))).numpy()
    np.testing.assert_allclose(p[0, :, 0], [0, 0, 0.5, 0.5])
