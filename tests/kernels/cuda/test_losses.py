"""Losses on a card, as far as it can be had here: the whole way, on a driver that runs the kernels on the CPU."""

from collections import Counter

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels, registry
from tests.kernels.cuda import fake
from tests.laws.cases import CASES, Case, each_case, make, value_and_gradient

# Whose sums are made by one pass in each direction, with nothing in between but algebra on tables of classes.
BY_SUMS = [
    "AsymmetricFocalLoss",
    "AsymmetricFocalTverskyLoss",
    "AsymmetricSimilarityLoss",
    "AsymmetricUnifiedFocalLoss",
    "ComboLoss",
    "CrossEntropyLoss",
    "DiceCELoss",
    "DiceFocalLoss",
    "DiceLoss",
    "DicePlusPlusLoss",
    "ExpLogLoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "GeneralizedCrossEntropyLoss",
    "GeneralizedDiceLoss",
    "JaccardLoss",
    "LogCoshDiceLoss",
    "MCCLoss",
    "NoiseRobustDiceLoss",
    "PenaltyGeneralizedDiceLoss",
    "Poly1CrossEntropyLoss",
    "SensitivitySpecificityLoss",
    "SymmetricCrossEntropyLoss",
    "SymmetricUnifiedFocalLoss",
    "TverskyLoss",
    "WeightedSumLoss",
]
# Of these negatives are asked for more than their errors, for which exponentials are not kept.
OF_NEGATIVES = {"ComboLoss", "DicePlusPlusLoss", "MCCLoss", "NoiseRobustDiceLoss", "SensitivitySpecificityLoss"}
READS = ("numpy", "item", "tolist", "cpu", "__bool__", "__float__", "__int__", "__index__")
CLASSES = Case("multiclass", 5, (13, 21))


@pytest.mark.parametrize(("spec", "case"), each_case(cases=[case for case in CASES if len(case.space) == 2]))
def test_every_loss_is_what_it_is_in_float64(shim, spec, case):
    """By a kernel or composed, within what float32 allows its composed self."""
    logits, labels = case.logits(dtype="float32", scale=1.5), case.labels()
    loss = make(spec)
    exact = value_and_gradient(loss, logits.astype("float64"), labels)
    with kernels.use_kernels("composed"):
        composed = value_and_gradient(loss, logits, labels)
    with kernels.use_kernels("auto"), fake.on_card(shim):
        actual = value_and_gradient(loss, logits, labels)
    size = np.mean if spec.sorts else np.max
    for of_card, of_composed, expected in zip(actual, composed, exact):
        scale = size(np.abs(expected)).clip(1e-9)
        off, allowed = (size(np.abs(x - expected)) / scale for x in (of_card, of_composed))
        assert off <= max(2e-6, 3 * allowed)


@pytest.mark.parametrize("name", BY_SUMS)
def test_one_pass_in_each_direction_and_nobody_waits(card, monkeypatch, name):
    """After the calls that look at values: no number is read back, none is copied to the device."""
    loss = make(registry.get(name))
    z, y = paddle.to_tensor(CLASSES.logits(dtype="float32")), paddle.to_tensor(CLASSES.labels())
    for _ in range(4):
        x = z.clone().detach()
        x.stop_gradient = False
        loss(x, y).backward()
    seen = Counter()
    for owner, names in ((paddle.Tensor, READS), (paddle, ["to_tensor", "assign"])):
        for attribute in filter(lambda attribute, owner=owner: hasattr(owner, attribute), names):
            _watch(monkeypatch, owner, attribute, seen)
    card.launches.clear()
    value = loss(x, y)
    forward = card.names
    value.backward()
    assert not seen
    way = "softmax" if name in OF_NEGATIVES else "kept"
    assert forward == ["labels_compact", f"{way}_sums_f32", "sum_parts"]
    assert card.names[3:] == [f"{way}_gradient_f32"]
    assert {launch.stream for launch in card.launches} == {fake.FakePlatform.stream_handle}


def _watch(monkeypatch, owner, name, seen):
    original = getattr(owner, name)

    def watched(*args, **kwargs):
        seen[name] += 1
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, watched)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("margin", [5, 10, 15, 20, 30, 40])
@pytest.mark.parametrize("name", ["DiceLoss", "CrossEntropyLoss", "FocalLoss", "DiceCELoss", "TverskyLoss"])
def test_confident_predictions_keep_their_digits(card, name, margin, dtype):
    """Within 1e-5 of float64, however far the label's logit is ahead; a gradient in half precision is rounded once."""
    rng = np.random.default_rng(margin)
    labels = rng.integers(0, 4, (2, 11, 13))
    logits = rng.normal(size=(2, 4, 11, 13)) + margin * (labels[:, None] == np.arange(4)[:, None, None])
    loss = make(registry.get(name), **({"smooth": 0.0} if name in ("DiceLoss", "TverskyLoss") else {}))
    x, y = paddle.to_tensor(logits).astype(dtype), paddle.to_tensor(labels)
    exact, slope = value_and_gradient(loss, x.astype("float64").numpy(), labels)
    x.stop_gradient = False
    value = loss(x, y)
    value.backward()
    assert float(value) == pytest.approx(float(exact), rel=1e-5)
    digits = {"float32": 1e-5, "float16": 2.0**-11, "bfloat16": 2.0**-8}[dtype]
    smallest = 2.0**-25 if dtype == "float16" else 0.0  # half of the smallest number there is
    assert (np.abs(x.grad.astype("float64").numpy() - slope) <= digits * np.abs(slope) * 1.01 + smallest + 1e-40).all()


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8"])
def test_labels_of_any_type(card, dtype):
    logits, labels = CLASSES.logits(dtype="float32"), CLASSES.labels()
    loss = make(registry.get("DiceCELoss"))
    expected = value_and_gradient(loss, logits, labels)
    for one, other in zip(expected, value_and_gradient(loss, logits, labels.astype(dtype))):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", ["DiceLoss", "CrossEntropyLoss"])
def test_a_wrong_label_is_seen_without_waiting(card, name):
    logits, labels = CLASSES.logits(dtype="float32"), CLASSES.labels()
    labels[0, 0, 0] = 77
    loss = make(registry.get(name), checks="first")
    with pytest.raises(Exception, match="77"):
        value_and_gradient(loss, logits, labels)
    loss._calls = 99
    value, slope = value_and_gradient(loss, logits, labels)
    assert np.isnan(value)
    assert not slope.any()


@pytest.mark.parametrize("mode", ["multiclass", "multilabel"])
def test_all_pixels_ignored(card, mode):
    case = Case(mode, 3, (5, 7))
    labels = np.full_like(case.labels(), 255)
    for name in ("DiceLoss", "CrossEntropyLoss", "FocalLoss") if mode == "multiclass" else ("DiceLoss", "FocalLoss"):
        value, slope = value_and_gradient(make(registry.get(name)), case.logits(dtype="float32"), labels)
        assert value == 0
        assert not slope.any()


def test_composed_is_one_setting_for_all_kernels(shim):
    logits, labels = CLASSES.logits(dtype="float32"), CLASSES.labels()
    with fake.on_card(shim) as card, kernels.use_kernels("composed"):
        value_and_gradient(make(registry.get("DiceLoss")), logits, labels)
        assert card.launches == []


def test_a_static_graph_is_composed(card):
    loss = make(registry.get("DiceLoss"))

    @paddle.jit.to_static(full_graph=True)
    def step(x, y):
        return loss(x, y)

    x, y = paddle.to_tensor(CLASSES.logits(dtype="float32")), paddle.to_tensor(CLASSES.labels())
    value = float(step(x, y))
    assert card.names == []
    assert float(loss(x, y)) == pytest.approx(value, rel=1e-6)
    assert "kept_sums_f32" in card.names


def test_second_derivatives_are_refused(card):
    """A kernel would silently give zeros; Paddle wraps what is raised in a backward pass into an OSError."""
    z = paddle.to_tensor(CLASSES.logits(dtype="float32"), stop_gradient=False)
    value = make(registry.get("CrossEntropyLoss"))(z, paddle.to_tensor(CLASSES.labels()))
    with pytest.raises(OSError, match="PADDLESEG_LOSSES_KERNELS=composed"):
        paddle.grad(value, z, create_graph=True)
