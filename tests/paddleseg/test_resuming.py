"""A training that was ended goes on as if nothing had happened, and no file is taken for what it is not."""

import errno
import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.errors import ConfigError, DataError
from paddleseg_losses.paddleseg.resuming import newest, reading, verified
from paddleseg_losses.paddleseg.trainer import train
from tests import tiny

RANDOM = [{"type": "RandomHorizontalFlip"}, {"type": "RandomDistort"}, {"type": "Normalize"}]
FLAGS = {"seed": 7, "save_interval": 1, "log_iters": 1, "keep_checkpoint_max": 0}


class Dropping(paddle.nn.Layer):
    """Draws from Paddle's generator, and has running means."""

    def __init__(self, num_classes=3):
        super().__init__()
        conv, norm = paddle.nn.Conv2D(3, 8, 3, padding=1), paddle.nn.BatchNorm2D(8)
        self.body = paddle.nn.Sequential(conv, norm, paddle.nn.Dropout2D(0.5), paddle.nn.Conv2D(8, num_classes, 1))

    def forward(self, x):
        return [self.body(x)]


@pytest.fixture(scope="module")
def started(dataset, tmp_path_factory):
    """A configuration with everything that is drawn at random, and an undisturbed training of it."""
    from paddleseg.cvlibs import manager

    manager.MODELS.components_dict["Dropping"] = Dropping
    folder = tmp_path_factory.mktemp("undisturbed")
    content = tiny.config(dataset, {"type": "TverskyLoss"}, model={"type": "Dropping", "num_classes": 3}, iters=5)
    content["train_dataset"]["transforms"] = RANDOM
    path = tiny.write(folder / "config.yml", content)
    flags = {**FLAGS, "do_eval": True, "use_ema": True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paddle, "flops", lambda *args, **kwargs: 0)
        train(path, save_dir=str(folder / "whole"), display=tiny.recorder(), **flags)
        yield path, folder / "whole", flags
    del manager.MODELS.components_dict["Dropping"]


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
    """However many processes load the data, and wherever the epoch began."""
    path, whole, flags = started
    for name, resumed in (("a", None), ("b", tmp_path / "a" / "iter_3")):
        options = {**flags, "num_workers": 2, "save_dir": str(tmp_path / name), "do_eval": False}
        resume = {"resume_model": str(resumed)} if resumed else {}
        train(path, display=tiny.recorder(), **options, **resume)
    _same(tmp_path / "a" / "iter_5", tmp_path / "b" / "iter_5", "model.pdparams")
    _same(whole / "iter_5", tmp_path / "b" / "iter_5", "model.pdparams")


def test_without_a_seed_the_checkpoint_knows_it(started, tmp_path, quick_end):
    path, _whole, flags = started
    options = {**flags, "do_eval": False, "seed": None}
    train(path, save_dir=str(tmp_path / "a"), display=tiny.recorder(), **options)
    resumed = str(tmp_path / "a" / "iter_2")
    train(path, save_dir=str(tmp_path / "b"), resume_model=resumed, display=tiny.recorder(), **options)
    _same(tmp_path / "a" / "iter_5", tmp_path / "b" / "iter_5", "model.pdparams")


@pytest.fixture
def copy(started, tmp_path):
    """The folder of a training, to be damaged."""
    shutil.copytree(started[1], tmp_path / "copy")
    return tmp_path / "copy"


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
    with pytest.raises(DataError, match=f"{name.removesuffix('.part')} cannot be written .*No space left on device"):
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
