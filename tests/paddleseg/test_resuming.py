"""A training that was ended goes on as if nothing had happened."""

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.paddleseg.resuming import reading
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny


def _same(one, other, name):
    first, second = reading.read(one / name), reading.read(other / name)
    assert first.keys() == second.keys()
    for key, value in first.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, second[key], err_msg=key)
        else:
            assert value == second[key]


@pytest.mark.parametrize("iteration", [1, 2, 3, 4])
def test_resumed_is_undisturbed_bit_for_bit(iteration, started, tmp_path, quick_end):
    path, whole, flags = started
    folder = tmp_path / "again"
    shutil.copytree(whole, folder)
    for later in range(iteration + 1, 6):
        shutil.rmtree(folder / f"iter_{later}")
    resumed = str(folder / f"iter_{iteration}")
    result = train(path, save_dir=str(folder), resume_model=resumed, display=tiny.recorder(), **flags)
    for name in ("model.pdparams", "model.pdopt", "ema_model.pdparams"):
        _same(whole / "iter_5", folder / "iter_5", name)
    _same(whole / "best_model", folder / "best_model", "model.pdparams")
    before, after = (json.loads((each / "metrics.json").read_text()) for each in (whole, folder))
    assert before["loss"] == after["loss"]
    assert before["evaluations"] == after["evaluations"]
    assert len(result.loss) == 5


def test_workers_draw_the_same(started, tmp_path, quick_end):
    """Whichever process loads the data, and wherever the epoch began."""
    path, _whole, flags = started
    for name, resumed in (("a", None), ("b", tmp_path / "a" / "iter_3")):
        options = {**flags, "num_workers": 2, "save_dir": str(tmp_path / name), "do_eval": False}
        resume = {"resume_model": str(resumed)} if resumed else {}
        train(path, display=tiny.recorder(), **options, **resume)
    _same(tmp_path / "a" / "iter_5", tmp_path / "b" / "iter_5", "model.pdparams")


def test_without_a_seed_the_checkpoint_knows_it(started, tmp_path, quick_end):
    path, _whole, flags = started
    options = {**flags, "do_eval": False, "seed": None}
    train(path, save_dir=str(tmp_path / "a"), display=tiny.recorder(), **options)
    resumed = str(tmp_path / "a" / "iter_2")
    train(path, save_dir=str(tmp_path / "b"), resume_model=resumed, display=tiny.recorder(), **options)
    _same(tmp_path / "a" / "iter_5", tmp_path / "b" / "iter_5", "model.pdparams")


def test_the_best_model_of_before_stays(started, copy, quick_end):
    """PaddleSeg forgets the best score, and would replace it by the first one that it sees."""
    metrics = json.loads((copy / "metrics.json").read_text())
    for each in metrics["evaluations"]:
        each["mean_iou"] = 0.99 if each["iteration"] == 1 else each["mean_iou"]
    (copy / "metrics.json").write_text(json.dumps(metrics))
    before = (copy / "best_model" / "model.pdparams").read_bytes()
    resumed = str(copy / "iter_2")
    train(started[0], save_dir=str(copy), resume_model=resumed, display=tiny.recorder(), **{**started[2], "iters": 4})
    assert (copy / "best_model" / "model.pdparams").read_bytes() == before
