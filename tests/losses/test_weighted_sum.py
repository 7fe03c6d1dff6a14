"""The weighted sum: nested, read once, one number, its parts, ignored pixels handed on, labels of each term its own."""

import copy
import pickle

import numpy as np
import paddle
import pytest
import yaml

import paddleseg_losses
from paddleseg_losses import DiceLoss, FocalLoss, WeightedSumLoss, errors
from paddleseg_losses.preparation import InputPreparer


class Foreign(paddle.nn.Layer):
    """A loss that is not ours: notes the labels that it is given, then overwrites them, as PaddleSeg's Dice does."""

    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)
        self.seen = []

    def forward(self, logits, labels):
        self.seen.append(labels.numpy().copy())
        valid = (labels != getattr(self, "ignore_index", 255)).astype(logits.dtype)
        value = (logits if valid.ndim == logits.ndim else logits[:, 0]).multiply(valid).mean()
        labels[labels == labels] = 0
        return value


class MixedLoss(paddle.nn.Layer):
    """As in PaddleSeg: the name, the two lists, and a list for a result."""

    def __init__(self, losses, coef):
        super().__init__()
        self.losses, self.coef = losses, coef

    def forward(self, logits, labels):
        return [loss(logits, labels) * coef for loss, coef in zip(self.losses, self.coef)]


class L1Loss(Foreign):
    def forward(self, logits, labels):
        return logits[:, 0]


class KLLoss(Foreign):
    pass


class BCELoss(Foreign):
    pass


def _batch(ignored=255, classes=3):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, (2, 5, 7))
    labels[0, :2] = ignored
    return paddle.to_tensor(rng.normal(size=(2, classes, 5, 7)).astype("float32")), paddle.to_tensor(labels)


def test_the_sum_is_the_sum():
    z, y = _batch()
    terms = [DiceLoss(smooth=2.0), FocalLoss(gamma=1.0), paddleseg_losses.ComboLoss(alpha=0.3)]
    total = WeightedSumLoss(losses=terms, coef=[1, 0.5, 2])(z, y)
    assert float(total) == pytest.approx(sum(c * float(t(z, y)) for c, t in zip([1, 0.5, 2], terms)), rel=1e-6)
    assert list(total.shape) == []
    unweighted = WeightedSumLoss(losses=terms)(z, y)
    assert float(unweighted) == pytest.approx(sum(float(t(z, y)) for t in terms), rel=1e-6)


def test_nested_sums_share_one_inputs(monkeypatch):
    z, y = _batch()
    inner = {"type": "WeightedSumLoss", "losses": ["ComboLoss", "FocalLoss"], "coef": [1, 2]}
    loss = WeightedSumLoss(losses=["DiceLoss", inner, FocalLoss()], coef=[1, 0.5, 0.25])
    calls, real = [], InputPreparer.prepare
    monkeypatch.setattr(InputPreparer, "prepare", lambda *args: (calls.append(args[0].name), real(*args))[1])
    value = float(loss(z, y))
    assert calls == ["WeightedSumLoss"]
    parts = loss.parts
    assert set(parts) == {
        "DiceLoss", "FocalLoss", "WeightedSumLoss", "WeightedSumLoss.ComboLoss", "WeightedSumLoss.FocalLoss",
        "WeightedSumLoss.ComboLoss.cross_entropy", "WeightedSumLoss.ComboLoss.dice",
    }  # fmt: skip
    nested = parts["WeightedSumLoss.ComboLoss"] + 2 * parts["WeightedSumLoss.FocalLoss"]
    assert parts["WeightedSumLoss"] == pytest.approx(nested, rel=1e-6)
    assert value == pytest.approx(parts["DiceLoss"] + 0.5 * nested + 0.25 * parts["FocalLoss"], rel=1e-6)


def test_terms_of_one_class_are_numbered():
    z, y = _batch()
    loss = WeightedSumLoss(losses=[FocalLoss(), {"type": "FocalLoss", "gamma": 1.0}, lambda a, b: a.mean()])
    loss(z, y)
    assert list(loss.parts) == ["FocalLoss", "FocalLoss_2", "<lambda>"]
    assert loss.parts["<lambda>"] == pytest.approx(float(paddle.where((y != 255).unsqueeze(1), z, z * 0).mean()), 1e-5)


@pytest.mark.parametrize("ignored", [0, 2, 254])
@pytest.mark.parametrize("term", [Foreign(ignore_index=255), Foreign(ignore_index=-100), Foreign()])
def test_ignored_pixels_are_handed_on(ignored, term):
    z, y = _batch(ignored)
    term.seen.clear()
    loss = WeightedSumLoss(losses=["DiceLoss", term], ignore_index=ignored)
    value = float(loss(z, y))
    own = getattr(term, "ignore_index", ignored)
    valid = y.numpy() != ignored
    np.testing.assert_array_equal(term.seen[0], np.where(valid, y.numpy(), own))
    assert loss.parts["DiceLoss"] == pytest.approx(float(DiceLoss(ignore_index=ignored)(z, y)), rel=1e-6)
    changed = paddle.where((y == ignored).unsqueeze(1), z + 7, z)
    assert float(loss(changed, y)) == value


def test_no_term_sees_what_another_has_written():
    z, y = _batch()
    before = y.numpy().copy()
    first, second, third = Foreign(), Foreign(), Foreign()
    terms = [first, "DiceLoss", MixedLoss([second, MixedLoss([third, DiceLoss()], [1.0, 2.0])], [0.5, 1.0])]
    forward, backward = (float(WeightedSumLoss(losses=order)(z, y)) for order in (terms, terms[::-1]))
    assert forward == pytest.approx(backward, rel=1e-6)
    for labels in first.seen + second.seen + third.seen:
        np.testing.assert_array_equal(labels, before)
    np.testing.assert_array_equal(y.numpy(), before)
    one, dice = float(Foreign()(z, y.clone())), float(DiceLoss()(z, y))
    zeroed = float(Foreign()(paddle.where((y != 255).unsqueeze(1), z, z * 0), y.clone()))
    assert one == pytest.approx(zeroed, rel=1e-5)
    assert forward == pytest.approx(one + dice + 0.5 * one + one + 2 * dice, rel=1e-5)


def test_multilabel_reaches_every_term():
    rng, term = np.random.default_rng(0), Foreign()
    z, y = paddle.to_tensor(rng.normal(size=(2, 3, 5, 7))), paddle.to_tensor(rng.integers(0, 2, (2, 3, 5, 7)))
    loss = WeightedSumLoss(losses=["BinaryCrossEntropyLoss", "DiceLoss", term])
    assert np.isfinite(float(loss(z, y)))
    np.testing.assert_array_equal(term.seen[0], y.numpy())


def test_layers_of_a_term_are_layers_of_the_sum():
    term = Foreign(scale=paddle.nn.Linear(1, 1))
    assert len(WeightedSumLoss(losses=["DiceLoss", term]).parameters()) == 2


def test_instances_become_text_and_foreign_losses_stay():
    z, y = _batch()
    loss = WeightedSumLoss(losses=[DiceLoss(smooth=2.0), {"type": "FocalLoss", "gamma": 1.0}], coef=[1, 2])
    assert yaml.safe_load(yaml.safe_dump(loss.to_config())) == {
        "type": "paddleseg_losses.WeightedSumLoss",
        "losses": [
            {"type": "paddleseg_losses.DiceLoss", "smooth": 2.0},
            {"type": "paddleseg_losses.FocalLoss", "gamma": 1.0},
        ],
        "coef": [1.0, 2.0],
    }
    mixed = WeightedSumLoss(losses=[loss, Foreign(ignore_index=255)], coef=[1, 0.5])
    assert "Foreign(" in repr(mixed)
    expected = float(mixed(z, y))
    for again in (pickle.loads(pickle.dumps(mixed)), copy.deepcopy(mixed), paddleseg_losses.build(mixed.to_config())):
        assert float(again(z, y)) == expected
    for again in (pickle.loads(pickle.dumps(loss)), eval(repr(loss), vars(paddleseg_losses))):
        assert again.options == loss.options


REFUSED = {
    "coef too long": ({"losses": ["DiceLoss"], "coef": [1, 2]}, "1 loss, but coef has 2 numbers"),
    "a negative coef": ({"losses": ["DiceLoss"], "coef": [-1]}, r"coef=\[-1\]"),
    "no list": ({"losses": "DiceLoss"}, "losses='DiceLoss'"),
    "nothing": ({"losses": []}, r"losses=\[\]"),
    "not given": ({}, "needs losses"),
    "an unknown name": ({"losses": ["DicLoss"]}, "did you mean DiceLoss"),
    "an unknown option": ({"losses": [{"type": "DiceLoss", "smoth": 1}]}, "did you mean smooth"),
    "no type": ({"losses": [{"tpe": "DiceLoss"}]}, "whose `type` is a name"),
    "no loss": ({"losses": [3]}, r"losses=\[3\]"),
    "another ignored label": (
        {"losses": [DiceLoss(ignore_index=7)]},
        "DiceLoss has ignore_index=7, but WeightedSumLoss 255",
    ),
    "a foreign one's": ({"losses": [Foreign(ignore_index=7)]}, "Foreign has ignore_index=7, but WeightedSumLoss 255"),
    "inside a mix": ({"losses": [MixedLoss([DiceLoss(mode="binary")], [1])]}, "DiceLoss has mode='binary'"),
    "probabilities": (
        {"losses": ["DiceLoss", DiceLoss(from_logits=False)]},
        "from_logits=False, but WeightedSumLoss True",
    ),
    "a layout": ({"losses": [Foreign(data_format="NHWC")]}, "Foreign has data_format='NHWC'"),
    "many numbers": ({"losses": [DiceLoss(reduction="none")]}, "reduction='none'"),
    "two logits": ({"losses": [KLLoss()]}, "KLLoss compares with something other than labels"),
    "edges": ({"losses": [BCELoss(edge_label=True)]}, "BCELoss compares with something other than labels"),
    "no common problem": (
        {"losses": ["BinaryCrossEntropyLoss", "LovaszSoftmaxLoss"]},
        "is supported by all terms .BinaryCrossEntropyLoss: binary, multilabel; LovaszSoftmaxLoss: multiclass",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_added_is_refused(case):
    options, text = REFUSED[case]
    with pytest.raises(errors.OptionError, match=text) as caught:
        WeightedSumLoss(**options)
    assert str(caught.value.cure)


def test_the_same_ignored_label_may_be_said_twice():
    z, y = _batch(7)
    terms = [DiceLoss(ignore_index=7), Foreign(ignore_index=7)]
    assert np.isfinite(float(WeightedSumLoss(losses=terms, ignore_index=7)(z, y)))
    assert np.isfinite(float(WeightedSumLoss(losses=[BCELoss(edge_label=False)])(z, paddle.clip(y, max=2))))


def test_a_foreign_term_of_many_numbers_is_refused():
    z, y = _batch()
    with pytest.raises(errors.InputError, match=r"L1Loss returns a tensor of shape \[2, 5, 7\]"):
        WeightedSumLoss(losses=[lambda a, b: [a.sum(), a.mean()], L1Loss()])(z, y)


def test_gradients_add_up_and_are_0_where_ignored():
    z, y = _batch()
    z.stop_gradient = False
    WeightedSumLoss(losses=["DiceLoss", Foreign()], coef=[1, 3])(z, y).backward()
    total = z.grad.numpy().copy()
    z.clear_gradient()
    (DiceLoss()(z, y) + 3 * Foreign()(z, y.clone())).backward()
    np.testing.assert_allclose(total, z.grad.numpy(), rtol=1e-5, atol=1e-7)
    assert not total[0, :, :2].any()
