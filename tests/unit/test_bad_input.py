"""Bad input: each error names what was found, what was expected and the cure, and nothing is overwritten."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors

N, C, H, W = 2, 3, 5, 7
LOGITS = np.zeros((N, C, H, W), "float32")
LABELS = np.zeros((N, H, W), "int64")


def _labels(*values, shape=(N, H, W)):
    labels = np.zeros(shape, "int64")
    labels.flat[: len(values)] = values
    return labels


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
        _labels(1, 254),
        errors.LabelError,
        ["hold 254", "0 to 2", "ignore_index=254"],
    ),
    "several stray labels": (
        pl.CrossEntropyLoss,
        {},
        LOGITS,
        _labels(-1, 7, 9),
        errors.LabelError,
        ["-1, 7, 9", "0 to 2", "subtract 1"],
    ),
    "0/255 mask": (
        pl.DiceLoss,
        {"ignore_index": -1},
        LOGITS,
        _labels(255, 0),
        errors.LabelError,
        ["255", "labels > 0"],
    ),
    "multilabel with a colour": (
        pl.DiceLoss,
        {},
        LOGITS,
        _labels(76, shape=(N, C, H, W)),
        errors.LabelError,
        ["76", "0 to 1"],
    ),
    "binary with two": (pl.DiceLoss, {}, LOGITS[:, :1], _labels(2), errors.LabelError, ["hold 2", "0 to 1"]),
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
        _labels(shape=(N, C, H, W)),
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
        _labels(shape=(N, C, H, W)),
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


BAD_OPTIONS = {
    "unknown": (pl.DiceLoss, {"smoth": 1}, ["no option 'smoth'", "did you mean smooth?"]),
    "of another family": (pl.HausdorffDTLoss, {"smooth": 1}, ["no option 'smooth'", "spacing"]),
    "text for a number": (pl.DiceLoss, {"smooth": "much"}, ["smooth='much'", "a number >= 0", "default 1.0"]),
    "truth for a number": (pl.DiceLoss, {"smooth": True}, ["smooth=True", "a number >= 0"]),
    "negative": (pl.TverskyLoss, {"alpha": -1}, ["alpha=-1", ">= 0", "false positives"]),
    "not finite": (pl.TverskyLoss, {"alpha": float("nan")}, ["alpha=nan", ">= 0"]),
    "not whole": (pl.DiceLoss, {"ignore_index": 0.5}, ["ignore_index=0.5", "whole number"]),
    "outside an interval": (pl.ComboLoss, {"alpha": 1.5}, ["alpha=1.5", "[0, 1]"]),
    "an unknown word": (pl.DiceLoss, {"reduction": "average"}, ["'average'", "'mean', 'sum', 'none'"]),
    "nothing to reduce": (pl.LogCoshDiceLoss, {"reduction": "none"}, ["reduction='none'", "'mean'"]),
    "nothing to reduce in a compound": (pl.ComboLoss, {"reduction": "sum"}, ["reduction='sum'", "'mean'"]),
    "an unknown class word": (pl.DiceLoss, {"classes": "foreground"}, ["'foreground'", "'present'"]),
    "a repeated class": (pl.DiceLoss, {"classes": [1, 1]}, ["[1, 1]", "different"]),
    "no class": (pl.DiceLoss, {"classes": []}, ["classes=[]", "list of different"]),
    "a negative weight": (pl.DiceLoss, {"weight": [1, -1]}, ["[1, -1]", ">= 0"]),
    "no spacing": (pl.HausdorffDTLoss, {"spacing": 0}, ["spacing=0", "> 0"]),
    "text for a flag": (pl.DiceLoss, {"batch": "yes"}, ["batch='yes'", "true or false"]),
    "a list for a flag": (pl.DiceLoss, {"batch": [1]}, ["batch=[1]", "true or false"]),
    "ranks without batch": (pl.DiceLoss, {"sync": True}, ["sync=True", "batch=True"]),
    "a mode it has not": (pl.LovaszSoftmaxLoss, {"mode": "binary"}, ["binary", "multiclass"]),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_bad_options(case):
    cls, options, fragments = BAD_OPTIONS[case]
    with pytest.raises(errors.LossError) as caught:
        cls(**options)
    for fragment in [cls.__name__, "expected:", "what to do:", *fragments]:
        assert fragment in str(caught.value)


def test_options_go_by_name():
    with pytest.raises(errors.OptionError, match=r"write for example DiceLoss\(smooth=0.5\)"):
        pl.DiceLoss(0.5)


def test_unknown_losses_are_refused_with_the_nearest_name():
    with pytest.raises(errors.UnknownLossError, match=r"did you mean TverskyLoss\?"):
        pl.build("TverskiLoss")
    with pytest.raises(errors.UnknownLossError, match=r"did you mean DiceLoss\?"):
        pl.build("dice")
    with pytest.raises(errors.UnknownLossError, match="list"):
        pl.build("qqqqqq")
    with pytest.raises(errors.OptionError, match="type: DiceLoss"):
        pl.build({"name": "DiceLoss"})


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


@pytest.mark.parametrize("name", pl.names())
def test_label_values_are_looked_at_on_the_first_calls_only(name):
    channels = (pl.get(name).most_classes or 3) if "multiclass" in pl.get(name).modes else 1
    scores = np.random.default_rng(0).normal(size=(N, channels, H, W)).astype("float32")
    z = paddle.to_tensor(scores, stop_gradient=False)
    good, bad = paddle.to_tensor(LABELS), paddle.to_tensor(_labels(254))
    loss = pl.build(name, **pl.get(name).example)
    with pytest.raises(errors.LabelError):
        loss(z, bad)
    for _ in range(3):
        assert np.isfinite(float(loss(z, good)))
    later = loss(z, bad)
    later.backward()
    assert np.isnan(float(later))  # seen in the log, without waiting for the device
    assert not z.grad.numpy().any()  # and no harm done to the weights
    third = pl.build(name, **pl.get(name).example)
    for _ in range(2):
        third(z, good)
    with pytest.raises(errors.LabelError):
        third(z, bad)
    always = pl.build(name, checks="always", **pl.get(name).example)
    for _ in range(5):
        always(z, good)
    with pytest.raises(errors.LabelError):
        always(z, bad)
    assert np.isfinite(float(pl.build(name, checks="never", **pl.get(name).example)(z, bad)))


def test_numpy_labels_are_welcome():
    z = paddle.to_tensor(LOGITS)
    assert float(pl.DiceLoss()(z, LABELS)) == float(pl.DiceLoss()(z, paddle.to_tensor(LABELS)))


def test_nan_in_soft_labels_later_harms_no_weights():
    z = paddle.to_tensor(np.random.default_rng(0).normal(size=LOGITS.shape).astype("float32"), stop_gradient=False)
    soft = np.full(LOGITS.shape, 1 / 3, "float32")
    loss = pl.DiceLoss(mode="multiclass")
    for _ in range(3):
        loss(z, paddle.to_tensor(soft))
    soft[0, 0, 0, 0] = np.nan
    value = loss(z, paddle.to_tensor(soft))
    value.backward()
    assert np.isnan(float(value))
    assert not z.grad.numpy().any()


def test_a_static_graph_marks_wrong_labels():
    static = paddle.jit.to_static(pl.CrossEntropyLoss(), full_graph=True)
    assert np.isnan(float(static(paddle.to_tensor(LOGITS), paddle.to_tensor(_labels(7)))))


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64", "bool", "int8"])
def test_numpy_label_dtypes(dtype):
    z, labels = paddle.to_tensor(LOGITS), _labels(1, 1)
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


@pytest.mark.parametrize("label", [2**62, -(2**62), 2**31])
def test_a_label_beyond_all_classes_is_named(label):
    with pytest.raises(errors.LabelError, match=f"labels hold {label}"):
        pl.DiceLoss()(paddle.to_tensor(LOGITS), paddle.to_tensor(_labels(label)))


def test_a_mask_of_0_and_255_is_noticed():
    with pytest.warns(UserWarning, match=r"labels > 0"):
        pl.DiceLoss()(paddle.to_tensor(LOGITS[:, :1]), paddle.to_tensor(_labels(255, 255)))


def test_probabilities_that_do_not_sum_to_one():
    with pytest.raises(errors.InputError, match="sum to"):
        pl.CrossEntropyLoss(from_logits=False)(paddle.to_tensor(LOGITS + 0.9), paddle.to_tensor(LABELS))


def _told(loss, labels, logits=LOGITS):
    with pytest.raises(errors.LossError) as caught:
        loss(paddle.to_tensor(logits), paddle.to_tensor(labels))
    return str(caught.value)


def test_ranges_are_those_of_the_pixels_that_count():
    shares = np.full((N, C, H, W), 1 / C, "float32")
    shares[0, :, 0] = 255
    shares[1, 0, 0, 0] = 2
    told = _told(pl.DiceLoss(mode="multiclass"), shares)
    assert "soft labels range from 0.3333 to 2." in told
    assert "divide a 0/255 mask" not in told
    hot = np.zeros((N, C, H, W), "int64")
    hot[0, :, 0] = 255
    assert "one-hot labels of a pixel sum to between 0 and 0." in _told(pl.DiceLoss(mode="multiclass"), hot)
    hot[1, 0, 0, 0] = 2
    assert "one-hot labels range from 0 to 2." in _told(pl.DiceLoss(mode="multiclass"), hot)
    p = np.full((N, C, H, W), 1 / C, "float32")
    p[0, :, 0], p[1, 0, 0, 0] = 9, 2
    assert "ranges from 0.3333 to 2." in _told(pl.DiceLoss(from_logits=False), _first_row_ignored(), p)
    p[1, 0, 0, 0] = 2 / 3
    assert "sum to between 1 and 1.333." in _told(pl.DiceLoss(from_logits=False), _first_row_ignored(), p)


def _first_row_ignored():
    labels = np.array(LABELS)
    labels[0, 0] = 255
    return labels


def test_minus_one_may_mark_ignored_pixels_of_soft_labels():
    shares = np.full((N, C, H, W), 1 / C, "float32")
    shares[0, :, 0] = -1
    assert "set ignore_index=-1" in _told(pl.DiceLoss(mode="multiclass"), shares)
    value = pl.CrossEntropyLoss(mode="multiclass", ignore_index=-1)(paddle.to_tensor(LOGITS), paddle.to_tensor(shares))
    assert value > 0


def test_pixel_weights_are_looked_at():
    z, y = paddle.to_tensor(LOGITS), paddle.to_tensor(_labels(255))
    weight = np.ones((N, H, W), "float32")
    weight[0, 0, 0] = np.nan  # under an ignored pixel it does not matter
    assert np.isfinite(float(pl.CrossEntropyLoss()(z, y, pixel_weight=weight)))
    with pytest.raises(errors.InputError, match="at least 0"):
        pl.CrossEntropyLoss()(z, y, pixel_weight=-weight)


@pytest.mark.parametrize(
    ("name", "options"),
    [("HausdorffCVLoss", {"radii": []}), ("HausdorffCVLoss", {"radii": None}), ("DiceLoss", {"smooth": 10**400}),
     ("DiceLoss", {"ignore_index": 1e308}), ("AsymmetricSimilarityLoss", {"beta": 1e308})],
)  # fmt: skip
def test_extreme_options_are_refused(name, options):
    with pytest.raises(errors.OptionError):
        pl.build(name, **options)


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
