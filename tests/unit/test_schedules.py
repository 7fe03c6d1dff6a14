"""Schedules: their numbers, their mistakes, and what they do to a sum."""

import math
import pickle

import paddle
import pytest
import yaml

from paddleseg_losses import BoundaryLoss, ComboLoss, CrossEntropyLoss, DiceLoss, WeightedSumLoss, build
from paddleseg_losses.errors import OptionError
from paddleseg_losses.schedules import KINDS, Schedule

RAMP = {"start": 0.2, "end": 1.0, "steps": 10, "after": 5}
BY_HAND = {
    "constant": ({"value": 0.3}, {0: 0.3, 999: 0.3}),
    "linear": (RAMP, {0: 0.2, 5: 0.2, 10: 0.6, 15: 1.0, 99: 1.0}),
    "cosine": (RAMP, {0: 0.2, 5: 0.2, 10: 0.6, 15: 1.0, 7: 0.2 + 0.4 * (1 - math.cos(0.2 * math.pi))}),
    "steps": ({"at": [3, 7], "values": [0, 0.5, 2]}, {0: 0, 2: 0, 3: 0.5, 6: 0.5, 7: 2, 99: 2}),
    "rebalance": (RAMP, {0: 0.2, 10: 0.6, 15: 1.0}),
}


@pytest.fixture
def batch():
    paddle.seed(0)
    return paddle.randn([2, 3, 7, 9]), paddle.randint(0, 3, [2, 7, 9])


@pytest.mark.parametrize("kind", KINDS)
def test_by_hand(kind):
    given, factors = BY_HAND[kind]
    schedule = Schedule.read({"kind": kind, **given})
    for step, factor in factors.items():
        assert schedule.at(step) == pytest.approx(factor)
    assert Schedule.read(yaml.safe_load(yaml.safe_dump(schedule.as_dict()))) == schedule


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ("linear", "give a kind: constant, linear"),
        ({"type": "linear"}, "write kind instead of type"),
        ({"kind": "liner", **RAMP}, "did you mean kind: linear"),
        ({"kind": "linear", "start": 0, "end": 1}, "add steps"),
        ({"kind": "linear", "start": 0, "end": 1, "step": 5}, "did you mean steps"),
        ({"kind": "linear", **RAMP, "steps": 0}, "steps must be a number of steps, at least 1"),
        ({"kind": "linear", **RAMP, "steps": 2.5}, "steps must be a number of steps"),
        ({"kind": "linear", **RAMP, "start": -1}, "start must be a number from 0 to inf"),
        ({"kind": "linear", **RAMP, "end": True}, "end must be a number"),
        ({"kind": "rebalance", **RAMP, "end": 1.5}, "end must be a number from 0 to 1"),
        ({"kind": "steps", "at": [5, 3], "values": [0, 1, 2]}, "`at` must increase"),
        ({"kind": "steps", "at": [3], "values": [0]}, "one number more"),
        ({"kind": "steps", "at": 3, "values": [0]}, "correct it"),
        ({"kind": "constant", "value": "x"}, "correct it"),
    ],
    ids=str,
)
def test_mistakes(given, cure):
    with pytest.raises(OptionError) as caught:
        BoundaryLoss(schedule=given)
    assert cure in str(caught.value.cure)
    assert str(caught.value.found).startswith("BoundaryLoss: The schedule is ")
    assert "kind: steps" in str(caught.value.expected)


def test_numbers_may_be_text_as_yaml_has_it():
    given = yaml.safe_load("{kind: linear, start: 1e-2, end: 1, steps: 1e3}")
    assert Schedule.read(given) == Schedule("linear", start=0.01, end=1.0, steps=1000)


def test_a_ramped_boundary_loss(batch):
    """The worked example: the boundary loss, whose authors give it a growing weight beside a region loss."""
    loss = WeightedSumLoss(
        losses=["DiceLoss", {"type": "BoundaryLoss", "schedule": {"kind": "linear", "start": 0, "end": 1, "steps": 4}}],
        coef=[1, 0.5],
    )
    dice, boundary = float(DiceLoss()(*batch)), float(BoundaryLoss()(*batch))
    for step in range(6):
        weight = 0.5 * min(step / 4, 1)
        assert float(loss(*batch)) == pytest.approx(dice + weight * boundary, rel=1e-5)
        assert loss.weights == pytest.approx({"DiceLoss": 1.0, "BoundaryLoss": weight})
        values = {"DiceLoss": dice, "BoundaryLoss": boundary}
        assert loss.parts == pytest.approx({**values, "DiceLoss.weight": 1.0, "BoundaryLoss.weight": weight}, abs=1e-6)
        loss(*batch)  # a second head: calls are not counted
        loss.step()
    loss.step(to=1)
    loss(*batch)
    assert loss.weights["BoundaryLoss"] == 0.125


def test_rebalancing_takes_from_the_others(batch):
    schedule = {"kind": "rebalance", "start": 0.01, "end": 0.99, "steps": 98}
    loss = WeightedSumLoss(
        losses=["DiceLoss", "CrossEntropyLoss", {"type": "BoundaryLoss", "schedule": schedule}], coef=[1, 0.5, 2]
    )
    for step, weights in {0: [0.99, 0.495, 0.02], 49: [0.5, 0.25, 1.0], 500: [0.01, 0.005, 1.98]}.items():
        loss.step(to=step)
        loss(*batch)
        assert list(loss.weights.values()) == pytest.approx(weights)
    with pytest.raises(OptionError, match="two terms have a schedule of kind rebalance"):
        WeightedSumLoss(losses=[{"type": "BoundaryLoss", "schedule": schedule}] * 2)


def test_a_schedule_without_a_sum(batch):
    loss = CrossEntropyLoss(schedule={"kind": "steps", "at": [2], "values": [1, 0.25]})
    whole = float(CrossEntropyLoss()(*batch))
    values = []
    for _ in range(4):
        values.append(float(loss(*batch)))
        loss.step()
    assert values == pytest.approx([whole, whole, whole / 4, whole / 4])


def test_sums_of_sums_step_together(batch):
    ramp = {"kind": "linear", "start": 0, "end": 1, "steps": 10}
    inner = {"type": "WeightedSumLoss", "losses": [{"type": "DiceLoss", "schedule": ramp}], "schedule": ramp}
    loss = WeightedSumLoss(losses=["ComboLoss", inner])
    loss.step(to=4)
    assert float(loss(*batch)) == pytest.approx(float(ComboLoss()(*batch)) + 0.16 * float(DiceLoss()(*batch)), rel=1e-5)
    assert loss.weights["WeightedSumLoss.DiceLoss"] == pytest.approx(0.4)
    assert loss.weights["WeightedSumLoss"] == pytest.approx(0.4)
    assert loss.weights["ComboLoss.dice"] == pytest.approx(0.5)


def test_text_and_pickle_rebuild_it():
    ramp = {"kind": "cosine", **RAMP}
    loss = WeightedSumLoss(losses=["DiceLoss", {"type": "BoundaryLoss", "schedule": ramp}])
    again = build(yaml.safe_load(yaml.safe_dump(loss.to_config())))
    assert again.to_config() == loss.to_config()
    assert again.losses[1]["schedule"] == ramp
    assert pickle.loads(pickle.dumps(loss)).losses == loss.losses
    assert "schedule={'kind': 'cosine'" in repr(BoundaryLoss(schedule=ramp))
    assert "schedule" not in repr(BoundaryLoss())


def test_the_gradient_follows_the_weight(batch):
    logits, labels = batch
    logits.stop_gradient = False
    loss = DiceLoss(schedule={"kind": "constant", "value": 0.25})
    (whole,) = paddle.grad(DiceLoss()(logits, labels), logits)
    (gradient,) = paddle.grad(loss(logits, labels), logits)
    assert bool(paddle.allclose(gradient, whole * 0.25, atol=1e-8))
    assert bool(whole.any())
