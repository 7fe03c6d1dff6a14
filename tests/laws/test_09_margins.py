"""Law 9: small errors keep their digits, on every path: a float32 is the float64 to 1e-5, however sure the model is."""

import math

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, kernels

from .cases import BACKENDS, IGNORED, Case, each_case, make, value_and_gradient

MARGINS = (5, 10, 15, 20, 30, 40)
CASES = [
    Case("binary", 1, (7, 9)),
    Case("multiclass", 2, (7, 9)),
    Case("multiclass", 4, (7, 9)),
    Case("multilabel", 3, (7, 9)),
]


def _of_sums(spec):
    """Nothing is sorted or filtered: where errors are nearly 1, that decides slopes by digits that no float32 has."""
    return not (spec.sorts or spec.neighbours) and spec.family != "boundary"


def _logits(case, labels, margin):
    """Every pixel says what its label says, by about the margin in log-odds."""
    scale = margin / (2 if case.mode == "multiclass" else 1)
    return (case.perfect(labels, scale) + 0.3 * case.logits(seed=5, scale=1.0)).astype("float32")


def _said(case, wrong):
    """Labels, and what the model says: the same but for a share of the pixels."""
    labels = case.labels()
    others = np.where(labels == IGNORED, IGNORED, (labels + 1) % case.classes)
    return labels, np.where(np.random.default_rng(6).random(labels.shape) < wrong, others, labels)


def _off(actual, expected):
    """The largest difference, in parts of the largest number."""
    return np.abs(np.asarray(actual, "float64") - expected).max() / max(np.abs(expected).max(), 1e-30)


def _exact(loss, logits, labels):
    with kernels.use_kernels("composed"):
        return value_and_gradient(loss, logits.astype("float64"), labels)


def _compare(spec, case, wrong, slopes=True):
    """On every path."""
    labels, said = _said(case, wrong)
    broken = []
    for margin in MARGINS:
        logits = _logits(case, said, margin)
        expected = _exact(make(spec), logits, labels)
        if abs(float(expected[0])) < 1e-30:  # errors times errors, at the end of what a float32 holds
            continue
        for backend in BACKENDS:
            with kernels.use_kernels(backend):
                actual = value_and_gradient(make(spec), logits, labels)
            off = [_off(one, other) for one, other in zip(actual, expected)]
            if not max(off if slopes else off[:1]) <= 1e-5:
                broken.append(f"{backend}, {margin}: value {off[0]:.1e}, gradient {off[1]:.1e}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(("spec", "case"), each_case(cases=CASES))
def test_sure_and_right(spec, case):
    _compare(spec, case, wrong=0)


@pytest.mark.parametrize("wrong", [0.1, 1])
@pytest.mark.parametrize(("spec", "case"), each_case(cases=[*CASES, Case("multiclass", 9, (7, 9))]))
def test_sure_and_wrong(spec, case, wrong):
    _compare(spec, case, wrong, slopes=_of_sums(spec))


@pytest.mark.parametrize(("spec", "case"), each_case(_of_sums, CASES))
def test_large_logits(spec, case):
    """By the differences that count: a logit of 300 has no digits below 3e-5."""
    logits, labels = case.logits(dtype="float32", scale=300.0), case.labels()
    expected = _exact(make(spec), logits, labels)
    for backend in BACKENDS:
        with kernels.use_kernels(backend):
            actual = value_and_gradient(make(spec), logits, labels)
        assert max(map(_off, actual, expected)) <= 1e-5, backend


@pytest.mark.parametrize("wrong", [0, 0.1, 1])
@pytest.mark.parametrize(("spec", "case"), each_case(lambda spec: spec.soft and _of_sums(spec), CASES[:3:2]))
def test_soft_targets(spec, case, wrong):
    """One pixel is undecided, so that the others are shares of 0 and 1; its gradient would hide theirs."""
    labels, said = _said(case, wrong)
    several = case.mode == "multiclass"
    labels = np.where(labels == IGNORED, 0, labels)
    shares = np.stack([labels == c for c in range(case.channels)] if several else [labels == 1], axis=1) * 1.0
    shares[:, :, 0, 0] = 1 / case.classes
    broken = []
    for margin in MARGINS:
        logits = _logits(case, said, margin)
        expected = _exact(make(spec, mode=case.mode), logits, shares)
        for backend in BACKENDS:
            with kernels.use_kernels(backend):
                actual = value_and_gradient(make(spec, mode=case.mode), logits, shares.astype("float32"))
            off = [_off(one, other) for one, other in zip(actual, expected)]
            off.append(_off(actual[1][:, :, 1:], expected[1][:, :, 1:]))
            if not max(off) <= 1e-5:
                broken.append(f"{backend}, {margin}: " + ", ".join(f"{each:.1e}" for each in off))
    assert not broken, "\n".join(broken)


def _rounding():
    """The largest relative error of a number as bfloat16: Paddle 2.6 cuts digits off."""
    above_half = paddle.to_tensor([1 + 3 * 2**-9]).astype("bfloat16").astype("float32")
    return 2**-8 if float(above_half) > 1 else 2**-7


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("spec", "case"), each_case(cases=CASES[:3:2]))
def test_half_precision(spec, case, backend):
    """The same of the rounded numbers; gradients are rounded once."""
    labels, _ = _said(case, 0)
    for margin in (10, 20):
        half = paddle.to_tensor(_logits(case, labels, margin)).astype("bfloat16")
        expected = _exact(make(spec), half.astype("float32").numpy(), labels)
        half.stop_gradient = False
        with kernels.use_kernels(backend):
            value = make(spec)(half, paddle.to_tensor(labels))
            value.backward()
        assert _off(value.numpy(), expected[0]) <= 1e-5
        # Of equal numbers, which rounding makes, either may be the least of its neighbours, or among the hardest.
        if not (spec.neighbours or (spec.sorts and spec.counts_unweighted)):
            assert _off(half.grad.astype("float32").numpy(), expected[1]) <= _rounding()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("offset", [0, 300])
@pytest.mark.parametrize("margin", MARGINS)
def test_what_the_errors_are(margin, offset, backend, dtype):
    """Known without any of our code: four classes, three of them at e^-margin."""
    logits = np.full((1, 4, 2), offset, dtype)
    logits[0, 0] += margin
    with kernels.use_kernels(backend):
        value, gradient = value_and_gradient(CrossEntropyLoss(), logits, np.zeros((1, 2), "int64"))
    rest = 3 * math.exp(-margin)
    assert float(value) == pytest.approx(math.log1p(rest), rel=1e-6)
    assert gradient[0, :, 0] == pytest.approx(np.array([-rest, *[rest / 3] * 3]) / (1 + rest) / 2, rel=1e-6)
