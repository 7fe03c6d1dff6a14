"""What callers do to labels, targets and graphs that a formula alone does not show."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, DiceCELoss, DiceLoss, WeightedSumLoss, errors, kernels, registry
from tests.laws.cases import make

MULTICLASS = [spec for spec in registry.specs(mode="multiclass") if spec.most_classes is None]
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(2, 3, 7, 5)).astype("float32")
INDICES = RNG.integers(0, 3, (2, 7, 5))
ONE_HOT = (INDICES[:, None] == np.arange(3)[:, None, None]).astype("int64")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("spec", MULTICLASS, ids=lambda spec: spec.name)
def test_one_hot_labels_of_any_integer_type(spec, dtype):
    """In the calls that look at the values, and in those that do not."""
    loss, logits = make(spec, mode="multiclass", checks="always"), paddle.to_tensor(LOGITS)
    expected = float(make(spec)(logits, paddle.to_tensor(INDICES)))
    hot = paddle.to_tensor(ONE_HOT).astype(dtype)
    for mode in ("auto", "composed"):
        with kernels.use_kernels(mode):
            assert float(loss(logits, hot)) == pytest.approx(expected, rel=1e-4, abs=1e-6)
            assert float(make(spec, mode="multiclass", checks="never")(logits, hot)) == pytest.approx(
                expected, rel=1e-4, abs=1e-6
            )


@pytest.mark.parametrize("loss", [CrossEntropyLoss, DiceLoss, DiceCELoss])
def test_soft_targets_have_a_gradient_if_they_ask_for_one(loss):
    target = paddle.nn.functional.softmax(paddle.to_tensor(RNG.normal(size=LOGITS.shape)), axis=1)
    gradients = []
    for dtype in ("float32", "float64"):
        z = paddle.to_tensor(LOGITS.astype(dtype), stop_gradient=False)
        g = paddle.to_tensor(target.numpy().astype(dtype), stop_gradient=False)
        loss(mode="multiclass")(z, g).backward()
        gradients.append((z.grad.numpy(), g.grad.numpy()))
    for one, other in zip(*gradients):
        assert np.abs(other).max() > 0
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
@pytest.mark.parametrize("loss", ["FocalLoss", "GeneralizedCrossEntropyLoss"])
def test_a_target_of_0_or_1_has_the_slope_of_what_a_share_of_it_costs(loss, mode):
    """Each value is linear in its target, so the slope is the difference between targets of 1/4 and 3/4, doubled."""
    z, slopes = paddle.to_tensor(LOGITS.astype("float64")), []
    for targets in (ONE_HOT, 0.5 + 0.25 * (2 * ONE_HOT - 1)):
        g = paddle.to_tensor(targets.astype("float64"), stop_gradient=False)
        registry.get(loss).cls(mode=mode, reduction="sum", checks="never")(z, g).backward()
        slopes.append(g.grad.numpy())
    assert np.abs(slopes[1]).min() > 0
    np.testing.assert_allclose(*slopes, rtol=1e-9)


@pytest.mark.parametrize("form", ["indices", "one-hot", "soft"])
def test_labels_may_change_before_the_backward_pass(form):
    labels = {"indices": INDICES, "one-hot": ONE_HOT, "soft": 0.9 * ONE_HOT.astype("float32") + 0.1 / 3}[form]
    gradients = []
    for changed in (False, True):
        z = paddle.to_tensor(LOGITS, stop_gradient=False)
        given = paddle.to_tensor(labels.astype("float32" if form == "soft" else "int64"))
        value = DiceCELoss(mode="multiclass")(z, given)
        if changed:
            given.zero_()
        value.backward()
        gradients.append(z.grad.numpy())
    assert np.array_equal(*gradients)


@pytest.mark.parametrize(
    ("names", "channels"),
    [
        (("TopKCrossEntropyLoss", "CrossEntropyLoss"), 3),
        (("ShapeAwareLoss", "HausdorffDTLoss", "BoundaryLoss"), 1),
        (("ShapeAwareLoss", "HausdorffDTLoss", "BoundaryLoss"), 3),
    ],
)
def test_terms_of_a_static_graph_take_no_gradient_from_each_other(names, channels):
    """What a term computes without a gradient is not what the next one reads."""
    loss = WeightedSumLoss(losses=list(names))
    labels = paddle.to_tensor(INDICES if channels == 3 else (INDICES > 0).astype("int64"))
    gradients = []
    for call in (loss, paddle.jit.to_static(loss.forward, full_graph=True)):
        z = paddle.to_tensor(LOGITS[:, :channels].copy(), stop_gradient=False)
        call(z, labels).backward()
        gradients.append(z.grad.numpy())
    assert np.abs(gradients[0]).max() > 0
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-3, atol=1e-6)


def test_an_error_made_anew_from_its_text_says_it_all():
    """Paddle does so with errors of a static graph."""
    error = errors.InputError("one", "two", "three")
    assert str(type(error)(str(error))) == str(error) == "one\n  expected: two\n  what to do: three"


def test_a_restricted_call_has_no_target_where_no_pixel_counts():
    """Its labels were read before the restriction, and are kept."""
    inputs = DiceLoss(mode="multilabel").prepare(paddle.to_tensor(LOGITS.astype("float64")), paddle.to_tensor(ONE_HOT))
    before, valid = inputs.target.numpy(), paddle.to_tensor(RNG.random(ONE_HOT.shape) < 0.5)
    np.testing.assert_array_equal(inputs.restricted(valid).target.numpy(), before * valid.numpy())
