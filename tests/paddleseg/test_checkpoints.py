"""No file of a training is taken for what it is not, and whatever ends a training leaves whole files behind."""

import errno
import json
import os
import pickle
import shutil
from pathlib import Path

import paddle
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.errors import ConfigError, DataError
from paddleseg_losses.paddleseg.resuming import newest, reading, verified
from paddleseg_losses.paddleseg.runner import run
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny
from tests.paddleseg.undisturbed import FLAGS


def _cut(name, size):
    def damage(folder):
        path = folder / "iter_4" / name
        path.write_bytes(path.read_bytes()[:size])

    return damage


def _lose(*names):
    def damage(folder):
        for name in names:
            (folder / "iter_4" / name).unlink()

    return damage


def _other_iteration(folder):
    shutil.copy(folder / "iter_3" / "model.pdopt", folder / "iter_4" / "model.pdopt")


def _other_iteration_of_paddleseg(folder):
    _other_iteration(folder)
    (folder / "iter_4" / "checkpoint.json").unlink()


def _rename(folder):
    shutil.rmtree(folder / "iter_4")
    (folder / "iter_3").rename(folder / "iter_4")


def _of_paddleseg(then):
    def damage(folder):
        (folder / "iter_4" / "checkpoint.json").unlink()
        then(folder)

    return damage


NOT_THE_FILE = "is not the file that was saved with this checkpoint"
DAMAGED = {
    "no folder": (lambda folder: shutil.rmtree(folder / "iter_4"), "There is no folder", "iter_5"),
    "no weights": (_lose("model.pdparams"), "model.pdparams is missing: the checkpoint was not finished", "iter_5"),
    "no optimizer": (_lose("model.pdopt"), "model.pdopt is missing: the checkpoint was not finished", "iter_5"),
    "no average": (_lose("ema_model.pdparams"), f"ema_model.pdparams {NOT_THE_FILE}", "iter_5"),
    "empty": (_cut("model.pdparams", 0), f"model.pdparams {NOT_THE_FILE}", "iter_5"),
    "empty note": (_cut("checkpoint.json", 0), f"checkpoint.json {NOT_THE_FILE}", "iter_5"),
    "cut off note": (_cut("checkpoint.json", 30), f"checkpoint.json {NOT_THE_FILE}", "iter_5"),
    "cut off": (_cut("model.pdopt", 100), f"model.pdopt {NOT_THE_FILE}", "iter_5"),
    "other optimizer": (_other_iteration, f"model.pdopt {NOT_THE_FILE}", "iter_5"),
    "renamed": (_rename, "holds the state of iteration 3, not of 4", "iter_5"),
    "empty, of PaddleSeg": (
        _of_paddleseg(_cut("model.pdparams", 0)),
        "model.pdparams cannot be read: it has 0",
        "copy",
    ),
    "cut off, of PaddleSeg": (
        _of_paddleseg(_cut("model.pdopt", 100)),
        "model.pdopt cannot be read: it has 100",
        "copy",
    ),
    "other optimizer, of PaddleSeg": (_other_iteration_of_paddleseg, "the state of iteration 3, not of 4", "iter_5"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_no_checkpoint_is_taken_for_what_it_is_not(case, started, copy):
    damage, found, cure = DAMAGED[case]
    damage(copy)
    with pytest.raises(ConfigError) as caught:
        train(started[0], save_dir=str(copy), resume_model=str(copy / "iter_4"), display=tiny.recorder())
    assert found in str(caught.value.found)
    assert cure in str(caught.value.cure)


def test_a_checkpoint_of_paddleseg_is_gone_on_from(started, copy, quick_end):
    for name in ("checkpoint.json", "ema_model.pdparams"):
        (copy / "iter_4" / name).unlink()
    display = tiny.recorder()
    train(started[0], save_dir=str(copy), resume_model=str(copy / "iter_4"), display=display, save_interval=1)
    assert any("was saved by another trainer" in text for text in display.warned)


class Crafted:
    """What unpickling would call."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("name", ["model.pdparams", "model.pdopt", "ema_model.pdparams"])
def test_code_in_a_checkpoint_is_not_executed(name, protocol, started, copy, tmp_path):
    mark = tmp_path / "executed"
    state = {**reading.read(copy / "iter_4" / name), "x": Crafted(mark)}
    (copy / "iter_4" / name).write_bytes(pickle.dumps(state, protocol))
    (copy / "iter_4" / "checkpoint.json").unlink()
    flags = {**started[2], "save_dir": str(copy), "resume_model": str(copy / "iter_4"), "display": tiny.recorder()}
    with pytest.raises(ConfigError, match=r"asks for (posix|nt)\.mkdir, which is code"):
        train(started[0], **flags)
    assert not mark.exists()


def test_pretrained_weights_are_not_executed_either(dataset, tmp_path, quick_end):
    weights = tmp_path / "model.pdparams"
    weights.write_bytes(pickle.dumps({"a": Crafted(tmp_path / "executed")}))
    model = {**tiny.MODEL, "num_classes": 3, "pretrained": str(weights)}
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"}, model=model)
    with pytest.raises(ConfigError, match="which is code"):
        train(path, save_dir=str(tmp_path / "output"), display=tiny.recorder())
    assert not (tmp_path / "executed").exists()


def test_a_script_does_not_execute_them_either(tmp_path, losses_table):
    weights, script = tmp_path / "model.pdparams", tmp_path / "script.py"
    weights.write_bytes(pickle.dumps({"a": Crafted(tmp_path / "executed")}))
    script.write_text(f"import paddle\npaddle.load({str(weights)!r})\n")
    with pytest.raises(ConfigError, match="which is code"):
        run(script)
    assert not (tmp_path / "executed").exists()


def _full_after(monkeypatch, name, iteration):
    """The disk is full when a file of an iteration is written."""
    original = paddle.save

    def save(obj, path, *args, **kwargs):
        if Path(path).name.startswith(name) and Path(path).parent.name == f"iter_{iteration}":
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        original(obj, path, *args, **kwargs)

    monkeypatch.setattr(paddle, "save", save)


@pytest.mark.parametrize("name", ["model.pdparams", "model.pdopt"])
def test_a_full_disk_leaves_no_half_checkpoint(name, started, tmp_path, quick_end, monkeypatch):
    display = tiny.recorder()
    _full_after(monkeypatch, name, 3)
    with pytest.raises(DataError) as caught:
        train(started[0], save_dir=str(tmp_path / "a"), display=display, **{**FLAGS})
    assert f"{tmp_path / 'a' / 'iter_3' / name} cannot be written" in str(caught.value.found)
    assert "No space left on device" in str(caught.value.found)
    assert newest(tmp_path / "a") == tmp_path / "a" / "iter_2"
    assert not (tmp_path / "a" / "iter_3").exists()
    assert any(f"--resume_model {tmp_path / 'a' / 'iter_2'}" in text for text in display.warned)
    assert len(json.loads((tmp_path / "a" / "metrics.json").read_text())["loss"]) == 3
    monkeypatch.undo()
    train(
        started[0], save_dir=str(tmp_path / "a"), resume_model=str(tmp_path / "a" / "iter_2"), display=display, **FLAGS
    )
    assert newest(tmp_path / "a") == tmp_path / "a" / "iter_5"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("name", ["train.log", "metrics.json.part"])
def test_a_full_disk_names_its_file(name, started, tmp_path, quick_end):
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(DataError, match=f"{name.replace('.part', '')} cannot be written .*No space left on device"):
        train(started[0], save_dir=str(tmp_path), display=tiny.recorder(), **FLAGS)


def test_a_folder_that_may_not_be_written_to(started, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file/output cannot be written"):
        train(started[0], save_dir=str(tmp_path / "file" / "output"), display=tiny.recorder())


def test_ctrl_c_says_how_to_go_on(started, tmp_path, quick_end, monkeypatch):
    display, ticks = tiny.recorder(), []

    def tick(iteration, _iters):
        ticks.append(iteration)
        if iteration == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(display, "tick", tick)
    with pytest.raises(KeyboardInterrupt):
        train(started[0], save_dir=str(tmp_path), display=display, **FLAGS)
    assert any(f"to go on, add --resume_model {tmp_path / 'iter_3'}" in text for text in display.warned)
    assert [point["iteration"] for point in json.loads((tmp_path / "metrics.json").read_text())["loss"]] == [1, 2, 3]
    assert verified(tmp_path / "iter_3")["iteration"] == 3


def _interrupted(config, folder, monkeypatch, at, **flags):
    """What a training says that Ctrl-C ends."""
    display = tiny.recorder()

    def tick(iteration, _iters):
        if iteration == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(display, "tick", tick)
    with pytest.raises(KeyboardInterrupt):
        train(config, save_dir=str(folder), display=display, **FLAGS, **flags)
    return [text for text in map(str, display.warned) if "to go on" in text]


def test_an_earlier_training_in_the_folder_is_not_gone_on_with(started, copy, quick_end, monkeypatch):
    assert not _interrupted(started[0], copy, monkeypatch, 1)  # nothing of this one is there yet
    assert f"--resume_model {copy / 'iter_2'}" in _interrupted(started[0], copy, monkeypatch, 3)[0]
    with pytest.raises(ConfigError) as caught:
        train(started[0], save_dir=str(copy), resume_model=str(copy / "iter_9"), display=tiny.recorder())
    assert f"resume from {copy / 'iter_2'}" in str(caught.value.cure)  # though iter_5 is there, of the first one
    resumed = str(copy / "iter_2")
    assert f"--resume_model {resumed}" in _interrupted(started[0], copy, monkeypatch, 3, resume_model=resumed)[0]
    _interrupted(started[0], copy, monkeypatch, 4, resume_model=resumed)
    assert newest(copy) == copy / "iter_3"
    (copy / "iter_3" / "checkpoint.json").unlink()
    assert newest(copy) == copy / "iter_2"


class Dying:
    """A transform that ends its process, as the system does when memory runs out."""

    def __call__(self, data):
        if paddle.io.get_worker_info() is not None:
            os.kill(os.getpid(), 9)
        return data


def test_a_dead_worker_is_named(dataset, tmp_path, quick_end):
    from paddleseg.cvlibs import manager

    manager.TRANSFORMS.components_dict["Dying"] = Dying
    content = tiny.config(dataset, {"type": "TverskyLoss"})
    content["train_dataset"]["transforms"] = [{"type": "Dying"}, {"type": "Normalize"}]
    path = tiny.write(tmp_path / "config.yml", content)
    with pytest.raises(DataError, match="A process that loads data has died"):
        train(path, save_dir=str(tmp_path / "output"), num_workers=2, display=tiny.recorder())
