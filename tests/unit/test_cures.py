"""What an error says to do is done, and then the loss works."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses import errors, registry

N, C, H, W = 2, 5, 6, 7
RNG = np.random.default_rng(0)
Z = RNG.normal(size=(N, C, H, W)).astype("float32")
Y = RNG.integers(C, size=(N, H, W))
HOT = np.stack([c == Y for c in range(C)], axis=1).astype("int64")
RGB = np.stack([Y * 9, Y * 5, Y], axis=-1)


def t(x):
    return paddle.to_tensor(x)


# The loss with its options, what was given, what the error says to do, and that done.
SHAPES = {
    "no batch axis": ({}, (Z[0], Y[0]), "logits.unsqueeze(0) and labels.unsqueeze(0)", lambda z, y: (z[None], y[None])),
    "no batch axis of the logits": ({}, (Z[0], Y[:1]), "logits.unsqueeze(0)", lambda z, y: (z[None], y)),
    "one row of pixels": ({}, (Z[0, :, 0], Y[0, 0]), "logits.unsqueeze(0)", lambda z, y: (z[None], y[None])),
    "no samples": ({}, (Z[:0], Y[:0]), "skip batches without samples", lambda z, y: (Z, Y)),
    "too many axes": ({}, (Z[..., None, None], Y), "merge axes", lambda z, y: (z.reshape(N, C, H, W), y)),
    "channels last": ({}, (Z.transpose(0, 2, 3, 1), Y), "set data_format='NHWC'", {"data_format": "NHWC"}),
    "channels first": ({"data_format": "NHWC"}, (Z, Y), "omit data_format", {}),
    "classes of the labels last": (
        {"mode": "multiclass"},
        (Z, HOT.transpose(0, 2, 3, 1)),
        "labels.transpose([0, 3, 1, 2])",
        lambda z, y: (z, y.transpose(0, 3, 1, 2)),
    ),
    "height and width swapped": (
        {},
        (Z, Y.transpose(0, 2, 1)),
        "labels.transpose([0, 2, 1])",
        lambda z, y: (z, y.transpose(0, 2, 1)),
    ),
    "colours": ({}, (Z, RGB), "convert its colors to class indices first", lambda z, y: (z, y[..., 2])),
    "three one-hot classes last": (
        {"mode": "multiclass"},
        (Z[:, :3], np.eye(3, dtype="int64")[Y % 3]),
        "if these are one-hot labels, use labels.transpose([0, 3, 1, 2])",
        lambda z, y: (z, y.transpose(0, 3, 1, 2)),
    ),
    "fewer labels": ({}, (Z, Y[:1]), "labels have 1, logits 2", lambda z, y: (z[:1], y)),
    "one-hot labels of more classes": (
        {"mode": "multiclass"},
        (Z[:, :2], HOT),
        "set num_classes of the model to 5, or give class indices",
        lambda z, y: (Z, y),
    ),
    "another size": ({}, (Z, Y[:, ::2]), "resize logits or labels", lambda z, y: (z[:, :, ::2], y)),
    "integer logits": ({}, (Z.argmax(1)[:, None], Y), "pass the model's output, not its argmax", lambda z, y: (Z, y)),
    "float labels": ({}, (Z, Y.astype("float32")), "labels.astype('int64')", lambda z, y: (z, y.astype("int64"))),
    "a mode that does not fit": ({"mode": "binary"}, (Z, Y), "omit mode", {}),
}


@pytest.mark.parametrize("case", SHAPES)
def test_cures_of_shapes(case):
    options, given, cure, do = SHAPES[case]
    with pytest.raises(errors.InputError) as caught:
        pl.DiceLoss(**options)(*map(t, given))
    assert cure in str(caught.value.cure)
    loss = pl.DiceLoss(**(do if isinstance(do, dict) else options))
    cured = do(*given) if callable(do) else given
    assert float(loss(*map(t, cured))) > 0


def test_the_axes_of_volumes():
    z, y = RNG.normal(size=(1, 5, 2, 6, 7)).astype("float32"), RNG.integers(5, size=(1, 7, 6, 2))
    with pytest.raises(errors.InputError, match=r"labels.transpose\(\[0, 3, 2, 1\]\)"):
        pl.DiceLoss()(t(z), t(y))
    assert float(pl.DiceLoss()(t(z), t(y).transpose([0, 3, 2, 1]))) > 0


POSITIONAL = {
    "a class weight as in torch": ("CrossEntropyLoss", [1.0, 2.0, 1.0, 1.0, 1.0], "weight"),
    "a mode as in smp": ("DiceLoss", "multiclass", "mode"),
    "a number": ("DiceLoss", 0.5, "smooth"),
    "a list of losses": ("WeightedSumLoss", ["DiceLoss", "CrossEntropyLoss"], "losses"),
}


@pytest.mark.parametrize("case", POSITIONAL)
def test_an_option_without_a_name(case):
    loss, value, name = POSITIONAL[case]
    with pytest.raises(errors.OptionError) as caught:
        getattr(pl, loss)(value)
    assert str(caught.value.cure) == f"write for example {loss}({name}={value!r})"
    assert float(registry.build(loss, **{name: value})(t(Z), t(Y))) > 0


def test_an_option_that_fits_nothing():
    with pytest.raises(errors.OptionError, match=r"DiceLoss\(smooth={'a': 1}\)"):
        pl.DiceLoss({"a": 1})


BUILD = {
    "no mapping": (3, "write for example {type: DiceLoss, smooth: 1.0}", {"type": "DiceLoss", "smooth": 1.0}),
    "no type": ({"smooth": 1.0}, "write for example {type: DiceLoss, smooth: 1.0}", "DiceLoss"),
    "misspelt": ("TverskiLoss", "did you mean TverskyLoss?", "TverskyLoss"),
    "misspelt option": ({"type": "DiceLoss", "smoth": 2}, "did you mean smooth?", {"type": "DiceLoss", "smooth": 2}),
    "unknown option": ({"type": "DiceLoss", "colour": 2}, "remove 'colour'", "DiceLoss"),
    "of another loss": ({"type": "DiceLoss", "do_bg": False}, "include_background",
                        {"type": "DiceLoss", "include_background": False}),
    "without the batch": ({"type": "DiceLoss", "sync": True}, "set batch=True",
                          {"type": "DiceLoss", "sync": True, "batch": True}),
    "too few coef": ({"type": "WeightedSumLoss", "losses": ["DiceLoss", "MCCLoss"], "coef": [1]},
                     "give coef 2 numbers",
                     {"type": "WeightedSumLoss", "losses": ["DiceLoss", "MCCLoss"], "coef": [1, 1]}),
}  # fmt: skip


@pytest.mark.parametrize("case", BUILD)
def test_cures_of_descriptions(case):
    config, cure, cured = BUILD[case]
    with pytest.raises(errors.OptionError) as caught:
        registry.build(config)
    assert cure in str(caught.value.cure)
    registry.build(cured)


def test_classes_of_pixels_for_a_loss_of_sigmoids():
    loss = pl.AsymmetricMultilabelLoss()
    with pytest.raises(errors.InputError, match="set mode='multilabel'"):
        loss(t(Z), t(Y))
    assert float(pl.AsymmetricMultilabelLoss(mode="multilabel")(t(Z), t(Y))) > 0


def test_priors_of_other_classes_are_shown_as_they_were_given():
    with pytest.raises(errors.OptionError, match=r"class_priors has 2 numbers, \[0.25, 0.75\]; logits have 5 channels"):
        pl.LogitAdjustedLoss(class_priors=[0.25, 0.75])(t(Z), t(Y))
