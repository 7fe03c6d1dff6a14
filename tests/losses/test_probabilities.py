"""With from_logits=False p is taken as it is: 0 and 1 cost what they say and have slopes; only logarithms clip."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, DiceLoss, build
from tests.laws.cases import IGNORED, Case, each_case, make, value_and_gradient

SIZE = (512, 512)
MODES = [("binary", 1), ("multilabel", 2), ("multiclass", 3)]


def _empty(mode, channels, size, dtype="float32"):
    """A prediction of nothing but background, and labels that agree."""
    p = np.zeros((1, channels, *size), dtype)
    if mode == "multiclass":
        p[:, 0] = 1
    return p, np.zeros((1, channels, *size) if mode == "multilabel" else (1, *size), "int64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("smooth", [1.0, 1e-5])
@pytest.mark.parametrize(("mode", "channels"), MODES)
def test_nothing_predicted_of_nothing_costs_nothing(mode, channels, smooth, dtype):
    """512 x 512 pixels of clipped probabilities would cost 0.0255, and 0.9996 with the smaller smooth."""
    p, labels = map(paddle.to_tensor, _empty(mode, channels, SIZE, dtype))
    assert float(DiceLoss(mode=mode, smooth=smooth, from_logits=False)(p, labels)) == 0


def _overlap(spec):
    return spec.family == "region" and spec.perfect_is_minimum and spec.slack == 0


@pytest.mark.parametrize(
    ("spec", "case"), each_case(_overlap, [Case(mode, channels, (96, 80), samples=1) for mode, channels in MODES])
)
def test_region_losses_of_nothing(spec, case):
    if case.mode in spec.logits_only:
        pytest.skip("it refuses probabilities in this mode")
    p, labels = _empty(case.mode, case.channels, case.space)
    assert float(make(spec, mode=case.mode, from_logits=False)(paddle.to_tensor(p), paddle.to_tensor(labels))) == 0


def _with_slope(spec):
    return spec.family == "region" and not spec.blind


@pytest.mark.parametrize(
    ("spec", "case"), each_case(_with_slope, [Case(mode, channels, (9, 8)) for mode, channels in MODES])
)
def test_region_losses_have_slopes_at_0_and_1(spec, case):
    """At a wrong answer given for sure; a clip would have none."""
    if case.mode in spec.logits_only:
        pytest.skip("it refuses probabilities in this mode")
    labels = case.labels()
    wrong = (case.perfect((labels + 1) % case.classes) > 0).astype("float32")
    right = (case.perfect(labels) > 0).astype("float32")
    mixed = np.where(np.random.default_rng(0).random((case.samples, 1, *case.space)) < 0.5, wrong, right)
    p = paddle.to_tensor(mixed, stop_gradient=False)
    make(spec, mode=case.mode, from_logits=False)(p, paddle.to_tensor(labels)).backward()
    slope = p.grad.numpy()
    assert np.isfinite(slope).all()
    assert not slope[case.ignored(labels)].any()
    for value in (0, 1):
        assert slope[mixed == value].any(), value


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logarithms_clip_at_1e_7(dtype):
    p = np.array([[[1.0, 0.0, 1e-9, 1e-5], [0.0, 1.0, 1 - 1e-9, 1 - 1e-5]]], dtype)
    labels = np.array([[0, 0, 0, 0]])
    loss = CrossEntropyLoss(reduction="none", from_logits=False)
    values = loss(paddle.to_tensor(p), paddle.to_tensor(labels)).numpy()
    np.testing.assert_allclose(values[0], -np.log([1, 1e-7, 1e-7, 1e-5]), rtol=1e-6)


def test_ignored_probabilities_may_be_anything():
    p, labels = _empty("binary", 1, (8, 8))
    p[..., 5] = labels[..., 5] = 1
    p[..., 3], labels[..., 3] = np.nan, IGNORED
    z = paddle.to_tensor(p, stop_gradient=False)
    value = DiceLoss(from_logits=False)(z, paddle.to_tensor(labels))
    value.backward()
    assert float(value) == 0
    assert not z.grad.numpy()[..., 3].any()


@pytest.mark.parametrize(
    "name", ["HausdorffDTLoss", "HausdorffERLoss", "HausdorffCVLoss", "SoftCLDiceLoss", "BoundaryLoss"]
)
@pytest.mark.parametrize("of", ["ones", "perfect", "wrong", "minus 0"])
def test_probabilities_of_exactly_1_are_1_on_both_paths(name, of):
    from paddleseg_losses import build, kernels

    labels = np.random.default_rng(0).integers(0, 2, (2, 2, 5, 6))
    ones = np.ones(labels.shape)
    p = {"ones": ones, "perfect": labels, "wrong": 1 - labels, "minus 0": -0.0 * ones}[of]
    values = []
    for backend, dtype in (("auto", "float32"), ("composed", "float64")):
        with kernels.use_kernels(backend):
            loss = build(name, from_logits=False, mode="multilabel")
            values.append(float(loss(paddle.to_tensor(p.astype(dtype)), paddle.to_tensor(labels))))
    assert values[0] == pytest.approx(values[1], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "FocalLoss", "ComboLoss", "ExpLogLoss", "DiceCELoss"])
def test_small_probabilities_keep_their_digits(name):
    """1 - p of a small one would be rounded: to 1 below 6e-8."""
    p = 10.0 ** np.linspace(-12, -1, 64, dtype="float32").reshape(1, 1, 8, 8)
    labels, loss = np.zeros((1, 8, 8), "int64"), build(name, from_logits=False)
    for rows in (8, 1):  # in the first are none above 1e-10
        given, own = p[:, :, :rows], labels[:, :rows]
        single, double = (value_and_gradient(loss, given.astype(kind), own) for kind in ("float32", "float64"))
        for actual, expected in zip(single, double):
            np.testing.assert_allclose(actual, expected, rtol=2e-6)
