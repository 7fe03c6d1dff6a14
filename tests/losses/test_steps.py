"""The step of a schedule is kept by every way to copy or save a loss."""

import copy
import pickle

import paddle
import pytest

from paddleseg_losses import DiceLoss, WeightedSumLoss

RAMP = {"kind": "rebalance", "start": 0.0, "end": 1.0, "steps": 10}


def _sum(steps=0):
    inner = {"type": "WeightedSumLoss", "losses": ["FocalLoss", {"type": "DiceLoss", "schedule": RAMP}]}
    loss = WeightedSumLoss(losses=["DiceLoss", {"type": "BoundaryLoss", "schedule": RAMP}, inner])
    for _step in range(steps):
        loss.step()
    return loss


def _weights(loss):
    return loss._weights() + loss.terms_by_name["WeightedSumLoss"]._weights()


def _from_state_dict(loss):
    again = _sum()
    again.set_state_dict(loss.state_dict())
    return again


def _from_a_file(loss, path):
    paddle.save(loss.state_dict(), str(path / "loss.pdparams"))
    again = _sum()
    again.set_state_dict(paddle.load(str(path / "loss.pdparams")))
    return again


WAYS = {
    "deepcopy": lambda loss, path: copy.deepcopy(loss),
    "copy": lambda loss, path: copy.copy(loss),
    "pickle": lambda loss, path: pickle.loads(pickle.dumps(loss)),
    "state_dict": lambda loss, path: _from_state_dict(loss),
    "file": _from_a_file,
}


@pytest.mark.parametrize("way", list(WAYS))
def test_the_step_is_kept(way, tmp_path):
    loss = _sum(7)
    again = WAYS[way](loss, tmp_path)
    assert _weights(again) == _weights(loss) != _weights(_sum())
    again.step()
    loss.step()
    assert _weights(again) == _weights(loss)


def test_a_deep_copy_of_a_model_keeps_it():
    model = paddle.nn.LayerList([paddle.nn.Linear(1, 1), _sum(7)])
    assert _weights(copy.deepcopy(model)[1]) == _weights(model[1])


def test_a_loss_without_a_schedule_adds_nothing_to_a_checkpoint():
    assert dict(DiceLoss().state_dict()) == {}


def test_a_schedule_set_later_counts_from_the_steps_so_far():
    loss = DiceLoss()
    for _step in range(5):
        loss.step()
    loss.schedule = {"kind": "linear", "start": 0.0, "end": 1.0, "steps": 10}
    assert loss.factor == 0.5
