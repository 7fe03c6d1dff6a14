"""Bad input: each error names what was found, what was expected and the cure, and nothing is overwritten."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors

from .blank import LABELS, LOGITS, C, H, N, W, labels_of


def _float(x):
    return x.astype("float32")


BAD_CALLS = {
    "list of logits": (pl.DiceLoss, {}, [LOGITS], LABELS, errors.InputError, ["list of 1", "a Tensor", "logits[0]"]),
    "no batch axis": (pl.DiceLoss, {}, LOGITS[0, 0], LABELS, errors.InputError, ["[5, 7]", "[N, C, *S]", "unsqueeze"]),
    "empty batch": (pl.DiceLoss, {}, LOGITS[:0], LABELS[:0], errors.InputError, ["[0, 3, 5, 7]", "no empty axis"]),
    "integer logits": (pl.DiceLoss, {}, LABELS[:, None], LABELS, errors.InputError, ["int64", "scores", "argmax"]),
    "RGB mask": (
        pl.DiceLoss,
        {},
        LOGITS,
        np.zeros((N, H, W, 3), "int64"),
        errors.InputError,
        ["[2, 5, 7, 3]", "[2, 5, 7]", "RGB"],
    ),
    "RGBA planes": (
        pl.DiceLoss,
        {},
        LOGITS,
        np.zeros((N, 4, H, W), "int64"),
        errors.InputError,
        ["[2, 4, 5, 7]", "RGB"],
    ),
    "another size": (
        pl.DiceLoss,
        {},
        LOGITS,
        np.zeros((N, H, W + 1), "int64"),
        errors.InputError,
        ["[2, 5, 8]", "[2, 5, 7]", "same size"],
    ),
    "another batch": (pl.DiceLoss, {}, LOGITS, LABELS[:1], errors.InputError, ["[1, 5, 7]", "[2, 5, 7]"]),
    "float labels where none are taken": (
        pl.LovaszSoftmaxLoss,
        {},
        LOGITS,
        _float(LABELS),
        errors.InputError,
        ["float32", "integer labels", "astype('int64')"],
    ),
    "float indices": (
        pl.DiceLoss,
        {},
        LOGITS,
        _float(LABELS),
        errors.InputError,
        ["one number per pixel", "astype('int64')"],
    ),
    "one stray label": (
        pl.DiceLoss,
        {},
        LOGITS,
        labels_of(1, 254),
        errors.LabelError,
        ["hold 254", "0 to 2", "ignore_index=254"],
    ),
    "several stray labels": (
        pl.CrossEntropyLoss,
        {},
        LOGITS,
        labels_of(-1, 7, 9),
        errors.LabelError,
        ["-1, 7, 9", "0 to 2", "subtract 1"],
    ),
    "0/255 mask": (
        pl.DiceLoss,
        {"ignore_index": -1},
        LOGITS,
        labels_of(255, 0),
        errors.LabelError,
        ["255", "labels > 0"],
    ),
    "multilabel with a colour": (
        pl.DiceLoss,
        {},
        LOGITS,
        labels_of(76, shape=(N, C, H, W)),
        errors.LabelError,
        ["76", "0 to 1"],
    ),
    "binary with two": (pl.DiceLoss, {}, LOGITS[:, :1], labels_of(2), errors.LabelError, ["hold 2", "0 to 1"]),
    "soft labels above 1": (
        pl.DiceLoss,
        {"mode": "multiclass"},
        LOGITS,
        _float(LOGITS + 3),
        errors.LabelError,
        ["3", "fractions in [0, 1]"],
    ),
    "soft labels that do not sum to 1": (
        pl.DiceLoss,
        {"mode": "multiclass"},
        LOGITS,
        _float(LOGITS + 0.9),
        errors.LabelError,
        ["2.7", "sum to 1"],
    ),
    "one-hot labels without a one": (
        pl.DiceLoss,
        {"mode": "multiclass"},
        LOGITS,
        labels_of(shape=(N, C, H, W)),
        errors.LabelError,
        ["sum to 1"],
    ),
    "probabilities above 1": (
        pl.DiceLoss,
        {"from_logits": False},
        LOGITS + 1.5,
        LABELS,
        errors.InputError,
        ["1.5", "[0, 1]", "leave from_logits=True"],
    ),
    "NaN as probability": (
        pl.DiceLoss,
        {"from_logits": False},
        LOGITS * np.nan,
        LABELS,
        errors.InputError,
        ["nan", "[0, 1]"],
    ),
    "weight of the wrong length": (
        pl.DiceLoss,
        {"weight": [1, 2]},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["2 numbers", "3 channels", "num_classes"],
    ),
    "weight of the wrong length, pixel loss": (
        pl.CrossEntropyLoss,
        {"weight": [1, 2, 3, 4]},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["4 numbers", "3 channels"],
    ),
    "one alpha for several classes": (
        pl.FocalLoss,
        {"alpha": 0.25},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["alpha=0.25", "list of 3", "disagree"],
    ),
    "a list of alphas for one channel": (
        pl.FocalLoss,
        {"alpha": [0.5, 0.5]},
        LOGITS[:, :1],
        LABELS,
        errors.OptionError,
        ["[0.5, 0.5]", "one number in [0, 1]"],
    ),
    "a class that the model lacks": (
        pl.DiceLoss,
        {"classes": [1, 3]},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["[1, 3]", "3 channels"],
    ),
    "a class that Lovász lacks": (
        pl.LovaszSoftmaxLoss,
        {"classes": [5]},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["[5]", "3 channels"],
    ),
    "spacing of another dimension": (
        pl.HausdorffDTLoss,
        {"spacing": [1, 1, 2]},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["[1.0, 1.0, 2.0]", "2 spatial axes"],
    ),
    "one channel for a softmax loss": (
        pl.LovaszSoftmaxLoss,
        {},
        LOGITS[:, :1],
        LABELS,
        errors.InputError,
        ["binary", "multiclass", "DiceLoss"],
    ),
    "multilabel for a softmax loss": (
        pl.CrossEntropyLoss,
        {},
        LOGITS,
        labels_of(shape=(N, C, H, W)),
        errors.InputError,
        ["multilabel", "mode='multiclass'"],
    ),
    "mode that does not fit": (
        pl.DiceLoss,
        {"mode": "binary"},
        LOGITS,
        LABELS,
        errors.InputError,
        ["mode='binary'", "3 channels", "omit mode"],
    ),
    "only background scored": (
        pl.DiceLoss,
        {"classes": [0], "include_background": False},
        LOGITS,
        LABELS,
        errors.OptionError,
        ["[0]", "[1, 2]"],
    ),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_calls(case):
    cls, options, logits, labels, error, fragments = BAD_CALLS[case]
    before = np.copy(labels)
    z = [paddle.to_tensor(x) for x in logits] if isinstance(logits, list) else paddle.to_tensor(logits)
    y = paddle.to_tensor(labels)
    with pytest.raises(error) as caught:
        cls(**options)(z, y)
    for fragment in [cls.__name__, "expected:", "what to do:", *fragments]:
        assert fragment in str(caught.value)
    assert np.array_equal(y.numpy(), before)


def test_pixel_weight():
    ones = np.ones((N, H, W), "float32")
    z, y = paddle.to_tensor(np.random.default_rng(0).normal(size=LOGITS.shape)), paddle.to_tensor(LABELS)
    plain = float(pl.CrossEntropyLoss()(z, y))
    assert float(pl.CrossEntropyLoss()(z, y, pixel_weight=paddle.to_tensor(ones))) == pytest.approx(plain, rel=1e-12)
    assert float(pl.CrossEntropyLoss()(z, y, pixel_weight=ones[:, None] * 3)) == pytest.approx(plain, rel=1e-12)
    total = pl.CrossEntropyLoss(reduction="sum")
    assert float(total(z, y, pixel_weight=ones * 3)) == pytest.approx(3 * float(total(z, y)), rel=1e-12)
    assert float(pl.CrossEntropyLoss()(z, y, pixel_weight=ones * 0)) == 0
    with pytest.raises(errors.InputError, match="one weight per pixel"):
        pl.CrossEntropyLoss()(z, y, pixel_weight=ones[:, :2])
    for name, cure in (
        ("LovaszSoftmaxLoss", "use JaccardLoss"),
        ("SoftCLDiceLoss", "use DiceLoss"),
        ("ExpLogLoss", "Dice"),
    ):
        for loss in (pl.build(name), pl.WeightedSumLoss(losses=["DiceLoss", name])):
            with pytest.raises(errors.InputError, match=f"{name} was given a pixel_weight(.|\n)*{cure}"):
                loss(z, y, pixel_weight=ones)
    with pytest.raises(errors.InputError, match="is not ours"):
        pl.WeightedSumLoss(losses=["DiceLoss", paddle.nn.CrossEntropyLoss(axis=1)])(z, y, pixel_weight=ones)


def test_numpy_labels_are_welcome():
    z = paddle.to_tensor(LOGITS)
    assert float(pl.DiceLoss()(z, LABELS)) == float(pl.DiceLoss()(z, paddle.to_tensor(LABELS)))


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64", "bool", "int8"])
def test_numpy_label_dtypes(dtype):
    z, labels = paddle.to_tensor(LOGITS), labels_of(1, 1)
    assert float(pl.DiceLoss()(z, labels.astype(dtype))) == float(pl.DiceLoss()(z, labels))


@pytest.mark.parametrize("as_tensor", [False, True])
def test_complex_numbers_are_refused(as_tensor):
    def given(x):
        return paddle.to_tensor(x.astype("complex64")) if as_tensor else x.astype("complex64")

    with pytest.raises(errors.InputError, match=r"(?s)labels are of type complex64.*real numbers.*labels\.real"):
        pl.DiceLoss()(paddle.to_tensor(LOGITS), given(LABELS))
    with pytest.raises(errors.InputError, match=r"(?s)logits are of type complex64.*logits\.real"):
        pl.DiceLoss()(given(LOGITS), LABELS)


@pytest.mark.parametrize("dtype", [object, str])
def test_arrays_of_objects_are_refused(dtype):
    with pytest.raises(errors.InputError, match=r"(?s)labels are of type.*labels\.astype\('float32'\)"):
        pl.DiceLoss()(LOGITS, LABELS.astype(dtype))


def test_classes_that_do_not_count_are_refused():
    loss = pl.DiceLoss(classes=[0, 1], include_background=False)
    with pytest.raises(errors.OptionError, match="include_background=True"):
        loss(paddle.to_tensor(LOGITS), paddle.to_tensor(LABELS))


@pytest.mark.parametrize(("name", "other"), [("LovaszSoftmaxLoss", "JaccardLoss"), ("BoundaryLoss", "DiceLoss")])
def test_soft_targets_are_refused_with_the_loss_that_takes_them(name, other):
    shares = np.full((N, C, H, W), 1 / C, "float32")
    with pytest.raises(errors.InputError, match=f"for soft targets use {other}"):
        pl.build(name, mode="multiclass")(paddle.to_tensor(LOGITS), paddle.to_tensor(shares))
    assert np.isfinite(float(pl.build(other, mode="multiclass")(paddle.to_tensor(LOGITS), paddle.to_tensor(shares))))
