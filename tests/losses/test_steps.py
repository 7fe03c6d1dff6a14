"""The step of a schedule is kept by every way to copy or save a loss."""

import copy
import pickle

import paddle
import pytest

from paddleseg_losses import DiceLoss, WeightedSumLoss, errors

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


LINE = {"kind": "linear", "start": 0.0, "end": 1.0, "steps": 100}


def _restored(make=lambda: DiceLoss(schedule=LINE)):
    """A loss whose step of 50 has come from a checkpoint, and has not been read since."""
    other, loss = make(), make()
    other.step(to=50)
    loss.set_state_dict(other.state_dict())
    return loss


def _line_in_a_sum():
    return WeightedSumLoss(losses=["FocalLoss", {"type": "DiceLoss", "schedule": LINE}])


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_a_restored_step_is_copied(way, tmp_path):
    assert WAYS[way](_restored(), tmp_path).factor == 0.5


def test_a_restored_step_counts_on():
    loss, total = _restored(), _restored(_line_in_a_sum)
    loss.step()
    total.step()
    assert loss.factor == total.terms_by_name["DiceLoss"].factor == 0.51


def test_an_option_set_later_keeps_a_restored_step():
    loss, total = _restored(), _restored(_line_in_a_sum)
    loss.reduction = "sum"
    total.coef = [1, 0.5]
    assert loss.factor == total.terms_by_name["DiceLoss"].factor == 0.5
    total.losses = ["FocalLoss", {"type": "DiceLoss", "schedule": LINE}]  # new terms count from the sum's step
    assert total.terms_by_name["DiceLoss"].factor == 0.5


@pytest.mark.parametrize(
    "unusable",
    [["FocalLoss", {"type": "DiceLoss", "reduction": "none"}], ["DiceLoss", "NoSuchLoss"], ["DiceLoss"] * 3],
    ids=["reduction", "name", "number"],
)
def test_refused_terms_leave_the_old_ones_as_they_are(unusable):
    total = _restored(_line_in_a_sum)
    total.coef = [1.0, 2.0]
    terms = dict(total.terms_by_name)
    with pytest.raises(errors.LossError):
        total.losses = unusable
    assert total.terms_by_name == terms
    assert total.terms_by_name["DiceLoss"].factor == 0.5
    total.step()
    assert total.terms_by_name["DiceLoss"].factor == 0.51


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_a_cast_of_the_model_leaves_the_step_an_integer(dtype):
    model = paddle.nn.LayerList([paddle.nn.Linear(1, 1), _restored(_line_in_a_sum)])
    model.to(dtype=dtype)
    assert model[0].weight.dtype == getattr(paddle, dtype)
    model[1].step(to=301)
    model[1].step()
    (count,) = model[1].state_dict().values()
    assert count.dtype == paddle.int64
    assert int(count) == 302


def test_no_schedule_any_more_adds_nothing_to_a_checkpoint():
    loss = _restored()
    loss.schedule = None
    assert dict(loss.state_dict()) == {}
    loss.schedule = LINE
    assert loss.factor == 0.5
