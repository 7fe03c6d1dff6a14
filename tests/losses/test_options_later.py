"""Options set after construction: as if the constructor had been given them, or refused without a change."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, DiceCELoss, DiceLoss, FocalLoss, WeightedSumLoss, errors
from paddleseg_losses.options import options_of
from tests.laws.cases import CASES, each_loss, make, supports, value_of

CALLED = {"mode", "reduction", "checks", "data_format", "from_logits", "schedule"}  # whose values depend on the problem


def _examples(spec):
    option_of = options_of(spec.cls)
    for name in set(option_of) - CALLED - set(spec.example):
        for value in option_of[name].examples:
            try:
                yield name, option_of[name].parse(value, spec.name), make(spec, **{name: value})
            except errors.LossError:  # not together with the others
                continue


@pytest.mark.parametrize("spec", each_loss())
def test_every_option(spec):
    case = next(case for case in CASES if supports(spec, case) and len(case.space) == 2)
    logits, labels = case.logits(dtype="float32"), case.labels()
    for name, value, constructed in _examples(spec):
        loss = make(spec)
        setattr(loss, name, value)
        assert loss.options == constructed.options
        try:
            expected = value_of(constructed, logits, labels)
        except errors.LossError as error:
            with pytest.raises(type(error)):
                value_of(loss, logits, labels)
            continue
        assert value_of(loss, logits, labels) == expected, name


SHARED = {
    "ignore_index": 1,
    "mode": "multiclass",
    "reduction": "none",
    "data_format": "NHWC",
    "from_logits": False,
    "schedule": {"kind": "constant", "value": 0.5},
    "weight": [0.2, 3.0, 1.0],
}


@pytest.mark.parametrize("name", list(SHARED))
def test_shared_options(name):
    rng = np.random.default_rng(0)
    logits = rng.random((2, 3, 5, 3)).astype("float32")  # probabilities too, in either layout
    logits /= logits.sum(axis=-1 if name == "data_format" else 1, keepdims=True)
    labels = rng.integers(0, 3, (2, 3, 5) if name == "data_format" else (2, 5, 3))
    if name == "data_format":
        logits = logits.reshape(2, 3, 5, 3)
    loss = CrossEntropyLoss()
    setattr(loss, name, SHARED[name])
    values = [
        of(paddle.to_tensor(logits), paddle.to_tensor(labels)).numpy()
        for of in (loss, CrossEntropyLoss(**{name: SHARED[name]}))
    ]
    assert np.array_equal(*values)


def test_a_tensor_of_weights():
    loss = CrossEntropyLoss(weight=[1, 1, 1])
    loss.weight = paddle.to_tensor([0.5, 2.0, 1.0])
    assert loss.weight == (0.5, 2.0, 1.0)


@pytest.mark.parametrize(
    ("loss", "name", "value"),
    [
        (DiceLoss(), "smooth", "much"),
        (DiceLoss(), "sync", True),  # needs batch
        (DiceLoss(), "mode", "multi"),
        (CrossEntropyLoss(), "weight", {0: 1.0}),
        (WeightedSumLoss(losses=["DiceLoss", "FocalLoss"]), "coef", [1.0]),
    ],
    ids=lambda x: str(x)[:20],
)
def test_refused(loss, name, value):
    before = loss.options
    with pytest.raises(errors.LossError):
        setattr(loss, name, value)
    assert loss.options == before
    assert np.isfinite(float(loss(paddle.zeros([1, 2, 3, 4]), paddle.zeros([1, 3, 4], "int64"))))


def test_a_term_of_a_named_compound_has_the_options_of_the_compound():
    loss = DiceCELoss()
    with pytest.raises(errors.OptionError, match="DiceLoss is a term of DiceCELoss"):
        loss.dice.smooth = 100.0
    loss.smooth = 2.0
    assert loss.dice.smooth == 2.0


def test_terms_stay_the_same_objects():
    term = DiceLoss()
    loss = WeightedSumLoss(losses=[term, FocalLoss()])
    loss.coef = [2.0, 1.0]
    term.smooth = 3.0
    assert loss.terms_by_name["DiceLoss"] is term
    assert loss.to_config()["losses"][0]["smooth"] == 3.0
    loss.losses = ["CrossEntropyLoss", "DiceLoss"]
    assert list(loss.terms_by_name) == ["CrossEntropyLoss", "DiceLoss"]
