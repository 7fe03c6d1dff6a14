"""What goes wrong silently unless somebody looks: overwritten labels, hidden NaN, nearly full masks, narrow types."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, kernels, registry
from paddleseg_losses.options import options_of
from tests.laws.cases import CASES, Case, each_case, each_loss, has, make, named, supports

BUILT = not kernels.status()["library"].startswith("not built")
PATHS = ["native", "composed"] if BUILT else ["composed"]


@pytest.fixture(params=PATHS)
def path(request):
    with kernels.use_kernels(request.param):
        yield request.param


@pytest.mark.parametrize("spec", each_loss())
def test_labels_overwritten_after_the_call_change_nothing(spec, path):
    """As PaddleSeg's own DiceLoss does between the forward and the backward pass of a mix."""
    case = next(case for case in CASES if supports(spec, case) and len(case.space) == 2)
    gradients = []
    for overwrite in (False, True):
        z = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
        labels = paddle.to_tensor(case.labels())
        value = make(spec)(z, labels)
        if overwrite:
            labels[...] = 0
        value.backward()
        gradients.append(z.grad.numpy())
    assert np.array_equal(*gradients)


@pytest.mark.parametrize(("spec", "case"), each_case(cases=CASES[3:4] + CASES[:1]))
def test_nan_is_not_hidden(spec, case, path):
    logits, labels = case.logits(dtype="float32"), case.labels(ignored=0)
    logits[0, 0, ..., 1] = np.nan
    assert np.isnan(float(make(spec)(paddle.to_tensor(logits), paddle.to_tensor(labels))))


@pytest.mark.parametrize("spec", each_loss())
def test_nan_is_not_hidden_by_an_option(spec, path):
    """None chooses pixels, classes or bins by a comparison that a NaN loses."""
    cases = Case("multiclass", 2, (7, 5)), Case("binary", 1, (7, 5)), Case("multilabel", 3, (7, 5))
    case = next(case for case in cases if supports(spec, case))  # of two classes, it is in all
    logits, labels = case.logits(dtype="float32"), case.labels(ignored=0)
    logits[0, 0, ..., 1] = np.nan
    for options in _each_option(spec):
        with named(str(options)):
            try:
                loss = make(spec, **options)
                assert np.isnan(loss(paddle.to_tensor(logits), paddle.to_tensor(labels)).numpy()).any()
            except errors.OptionError:
                continue


def _each_option(spec):
    for name, option in options_of(spec.cls).items():
        if name not in ("mode", "from_logits", "data_format", "schedule", "label_sets", "sync"):
            yield from ({name: value} for value in option.examples)
    if has(spec, "batch") and has(spec, "classes"):
        yield {"batch": True, "classes": "present"}


@pytest.mark.parametrize("negatives", [0, 1, 4])
@pytest.mark.parametrize("spec", each_loss(lambda spec: spec.family == "region" and "binary" in spec.modes))
def test_a_mask_that_fills_nearly_everything(spec, negatives, path):
    """Float32 equals float64: nothing is the small difference of large sums."""
    rng = np.random.default_rng(0)
    labels = np.ones((1, 256, 256), "int64")
    labels.flat[:negatives] = 0
    logits = (rng.normal(size=(1, 1, 256, 256)) * 0.5 + 10).astype("float32")
    single, double = (
        float(make(spec)(paddle.to_tensor(logits.astype(dtype)), paddle.to_tensor(labels)))
        for dtype in ("float32", "float64")
    )
    assert single == pytest.approx(double, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("space", [(300_000,), (2, 200_000)], ids=str)
@pytest.mark.parametrize("name", ["LovaszSoftmaxLoss", "DiceLoss", "CrossEntropyLoss"])
def test_a_long_line_keeps_its_digits(name, space, path):
    """Paddle adds float32 one by one: of 300000 pixels in a row 1e-4 would be lost."""
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(1, 3, *space)), paddle.to_tensor(rng.integers(0, 3, (1, *space)))
    loss = registry.build(name)
    single, double = (float(loss(paddle.to_tensor(logits.astype(kind)), labels)) for kind in ("float32", "float64"))
    assert single == pytest.approx(double, rel=2e-6)


@pytest.mark.parametrize("ignore_index", [-1, 300, -100])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32"])
def test_an_ignore_index_that_the_labels_cannot_hold(dtype, ignore_index, path):
    rng = np.random.default_rng(1)
    z = paddle.to_tensor(rng.normal(size=(2, 60, 7, 5)).astype("float32"))
    labels = rng.integers(0, 60, (2, 7, 5)).astype("int64")
    expected = float(pl.CrossEntropyLoss(ignore_index=ignore_index)(z, paddle.to_tensor(labels)))
    actual = float(pl.CrossEntropyLoss(ignore_index=ignore_index)(z, paddle.to_tensor(labels.astype(dtype))))
    assert actual == expected
    labels[0, 0, 0] = 255
    with pytest.raises(errors.LabelError, match="255"):
        pl.CrossEntropyLoss(ignore_index=ignore_index)(z, paddle.to_tensor(labels.astype("uint8")))


@pytest.mark.parametrize("ignore_index", [0, 1])
def test_one_hot_labels_cannot_be_ignored_by_0_or_1(ignore_index):
    labels = paddle.to_tensor(np.eye(3, dtype="int64")[np.zeros((1, 4, 5), int)].transpose(0, 3, 1, 2).copy())
    with pytest.raises(errors.InputError, match="neither 0 nor 1"):
        pl.DiceLoss(mode="multiclass", ignore_index=ignore_index)(paddle.zeros([1, 3, 4, 5]), labels)


@pytest.mark.parametrize("wrong", [{0: 0.2, 1: 5}, {0.2, 5.0}])
def test_numbers_without_an_order_are_refused(wrong):
    with pytest.raises(errors.OptionError, match="list of numbers"):
        pl.CrossEntropyLoss(weight=wrong)


@pytest.mark.parametrize(("name", "option"), [("StructuralSimilarityLoss", "window_size"), ("NACLLoss", "kernel_size")])
def test_windows_are_odd(name, option):
    with pytest.raises(errors.OptionError, match="an odd number >= 1"):
        registry.build(name, **{option: 4})


def test_balls_larger_than_the_image():
    z, y = paddle.randn([1, 1, 6, 7], "float64"), paddle.randint(0, 2, [1, 6, 7])
    huge, large = (float(pl.HausdorffCVLoss(alpha=0.0, radii=[radius])(z, y)) for radius in (10_000, 12))
    assert np.isfinite(huge)
    assert np.isfinite(large)


@pytest.mark.parametrize("name", ["SkeletonRecallLoss", "SoftCLDiceLoss", "CBDiceLoss", "ActiveBoundaryLoss"])
def test_nan_is_not_hidden_where_only_some_pixels_are_read(name, path):
    """It lies in the background, far from every skeleton and boundary; where it is ignored it does no harm."""
    logits = np.zeros((1, 1, 21, 34), "float32") - 3
    labels = np.zeros((1, 21, 34), "int64")
    labels[0, 10, 2:12] = 1
    logits[0, 0, 2, 30] = np.nan
    loss = registry.build(name)
    assert np.isnan(float(loss(paddle.to_tensor(logits), paddle.to_tensor(labels))))
    labels[0, 2, 30] = 255
    assert np.isfinite(float(loss(paddle.to_tensor(logits), paddle.to_tensor(labels))))
