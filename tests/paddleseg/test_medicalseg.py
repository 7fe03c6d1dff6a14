"""MedicalSeg, its contract and (where it is named) itself: our names train and evaluate in its YAML, in its units."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle.utils import unique_name

from paddleseg_losses import build, registry
from paddleseg_losses.paddleseg.map_loading import provide_maps
from paddleseg_losses.paddleseg.medicalseg.adapter import ReportingLoss, bare
from paddleseg_losses.paddleseg.monitor import monitored
from paddleseg_losses.paddleseg.registration import register_in
from paddleseg_losses.paddleseg.shims import swapped
from paddleseg_losses.paddleseg.toolkits import MEDICALSEG
from paddleseg_losses.transforms import known_spacing
from tests import tiny
from tests.paddleseg.conftest import STAND_IN

ROOT = Path(__file__).parents[2]
OURS = "paddleseg_losses."


def _mixed(*losses):
    return {"type": "MixedLoss", "losses": list(losses), "coef": [1] * len(losses)}


def _sum(*losses, **options):
    return {"type": "WeightedSumLoss", "losses": list(losses), **options}


DICE, CROSS, THEIR_DICE = {"type": OURS + "DiceLoss"}, {"type": OURS + "CrossEntropyLoss"}, {"type": "DiceLoss"}
SECTIONS = {
    "ours by the dotted name": DICE,
    "ours by the bare name": {"type": "TverskyLoss"},
    "a name that the loop asks for edges": {"type": OURS + "FocalLoss"},
    "a compound": {"type": "DiceCELoss"},
    "a distance loss": {"type": "BoundaryLoss"},
    "a sum": _sum(DICE, CROSS, {"type": "BoundaryLoss"}, coef=[1, 1, 0.01]),
    "a sum with theirs": _sum({"type": "CrossEntropyLoss"}, DICE),
    "a sum with their Dice": _sum(CROSS, THEIR_DICE),
    "a sum with their mixture": _sum(CROSS, _mixed(THEIR_DICE, DICE, {"type": "CrossEntropyLoss"})),
    "their mixture of ours": _mixed(CROSS, DICE),
    "their mixture of ours without a Dice": _mixed(CROSS, {"type": "BoundaryLoss"}),
    "their mixture with their Dice": _mixed(THEIR_DICE, {"type": "BoundaryLoss"}),
    "four heads": {"types": [{"type": "DiceCELoss"}], "coef": [1, 0.5, 0.25, 0.25]},
}


class TinyNet(paddle.nn.Layer):
    """A convolution for each head; fixed weights, so that every run is the same."""

    def __init__(self, num_classes, heads=1):
        super().__init__()
        paddle.seed(1)
        self.heads = paddle.nn.LayerList([paddle.nn.Conv3D(1, num_classes, 3, padding=1) for _ in range(heads)])

    def forward(self, x):
        return [head(x) for head in self.heads]


@pytest.fixture
def config_of(medicalseg_folder, volumes, tmp_path, monkeypatch):
    """Makes a configuration of MedicalSeg, in which our names hold."""
    register_in(MEDICALSEG)
    cvlibs = importlib.import_module("medicalseg.cvlibs")
    cvlibs.manager.MODELS.components_dict["TinyNet"] = TinyNet
    monkeypatch.setattr(paddle, "flops", lambda *args, **kwargs: 0)

    def make(loss, transforms=(), **changes):
        content = tiny.volume_config(volumes, loss, transforms, **changes)
        content["model"]["heads"] = len(content["loss"]["coef"])
        return cvlibs.Config(str(tiny.write(tmp_path / "config.yml", content)))

    return make


def _train(config, folder, capsys, **options):
    """Train as the script does under `run`; gives what it printed."""
    given = {"iters": config.dic["iters"], "batch_size": 2, "save_interval": 2, "log_iters": 1, **options}
    with monitored(toolkit=MEDICALSEG), swapped(provide_maps()):
        importlib.import_module("medicalseg.core").train(
            config.model,
            config.train_dataset,
            val_dataset=config.val_dataset,
            optimizer=config.optimizer,
            save_dir=str(folder),
            losses=config.loss,
            is_save_data=False,
            **given,
        )
    return capsys.readouterr().out


def _numbers(text, name):
    return [float(number) for number in re.findall(rf"\[TRAIN\].*{name}: (-?[\d.]+)", text)]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_trains_and_evaluates(section, config_of, tmp_path, capsys):
    text = _train(config_of(SECTIONS[section]), tmp_path / "output", capsys)
    assert len(_numbers(text, "loss")) >= 3
    assert np.isfinite(_numbers(text, "loss")).all()
    assert all(0 < dice < 100 for dice in _numbers(text, "DSC"))
    assert re.search(r"\[EVAL\].*Loss: -?\d", text)


def test_the_value_is_that_of_our_loss(config_of):
    rng = np.random.default_rng(0)
    logits = paddle.to_tensor(rng.normal(size=(2, 3, 6, 5, 4)).astype("float32"), stop_gradient=False)
    labels = paddle.to_tensor(rng.integers(0, 3, (2, 6, 5, 4)).astype("int32"))
    labels[:, 2] = 255
    (loss,) = config_of({"type": "TverskyLoss", "alpha": 0.3}).loss["types"]
    value, dice = loss(logits, labels)
    value.backward()
    assert value.shape == [1]
    assert (repr(loss), loss.ignore_index) == (repr(bare(loss)), 255)
    again = logits.detach()
    again.stop_gradient = False
    expected = build("TverskyLoss", alpha=0.3)(again, labels)
    expected.backward()
    assert float(value) == float(expected)
    np.testing.assert_array_equal(logits.grad.numpy(), again.grad.numpy())
    # The Dice of V-Net, over batch and space, of a softmax; what is ignored is left out.
    p, y = paddle.nn.functional.softmax(logits, axis=1).numpy(), labels.numpy()
    valid = (y != 255)[:, None]
    g = np.stack([y == c for c in range(3)], axis=1) * valid
    p = p * valid
    assert dice.shape == (3,)
    np.testing.assert_allclose(dice, 2 * (p * g).sum((0, 2, 3, 4)) / (p * p + g).sum((0, 2, 3, 4)), rtol=1e-5)


def test_the_dice_is_theirs_with_a_softmax(config_of):
    rng = np.random.default_rng(0)
    logits = paddle.to_tensor(rng.normal(size=(2, 3, 6, 5, 4)).astype("float32"))
    labels = paddle.to_tensor(rng.integers(0, 3, (2, 6, 5, 4)).astype("int32"))
    mixture = config_of(_mixed(DICE, {"type": "DiceLoss", "sigmoid_norm": False})).loss["types"][0]
    np.testing.assert_allclose(mixture.losses[0](logits, labels)[1], mixture.losses[1](logits, labels)[1], rtol=1e-5)


def test_evaluation_loses_the_batch_axis(config_of):
    rng = np.random.default_rng(0)
    logits = paddle.to_tensor(rng.normal(size=(1, 3, 6, 5, 4)).astype("float32"))
    labels = paddle.to_tensor(rng.integers(0, 3, (1, 6, 5, 4)).astype("int32"))
    (loss,) = config_of(DICE).loss["types"]
    whole, stripped = loss(logits, labels), loss(logits[0], labels)
    assert float(whole[0]) == float(stripped[0])
    np.testing.assert_array_equal(whole[1], stripped[1])


def test_names_are_registered_once(medicalseg_folder):
    known = MEDICALSEG.manager().LOSSES.components_dict
    theirs = {name: cls for name, cls in known.items() if not issubclass(cls, ReportingLoss)}
    first, again = register_in(MEDICALSEG), register_in(MEDICALSEG)
    assert first == again
    assert set(first) == {OURS + name for name in registry.names()} | (set(registry.names()) - set(theirs))
    assert all(known[name].loss_class is cls for name, cls in first.items())
    assert all(known[name] is cls for name, cls in theirs.items())
    register_in(MEDICALSEG, "DiceLoss")
    assert known["DiceLoss"].loss_class is build("DiceLoss").__class__


def test_schedules_count_steps_and_terms_are_logged(config_of, tmp_path, capsys):
    ramp = {"kind": "linear", "start": 0, "end": 1, "steps": 10}
    config = config_of(_sum(DICE, {"type": "BoundaryLoss", "schedule": ramp}), iters=4)
    text = _train(config, tmp_path / "output", capsys)
    lines = re.findall(r"\[TRAIN\] iter: (\d+), terms: DiceLoss 1 x ([\d.]+) \+ BoundaryLoss (\S+) x (\S+)", text)
    rows = np.asarray(lines, float)
    np.testing.assert_allclose(rows[:4, 2], [0, 0.1, 0.2, 0.3])
    totals = rows[:, 1] + rows[:, 2] * rows[:, 3]
    np.testing.assert_allclose(_numbers(text, "loss"), totals, atol=2e-3)  # evaluations between them are not counted


def test_a_resumed_training_goes_on(config_of, tmp_path, capsys):
    ramp = {"kind": "linear", "start": 0, "end": 1, "steps": 10}
    section, folder = _sum(DICE, {"type": "BoundaryLoss", "schedule": ramp}), tmp_path / "output"
    with unique_name.guard():  # names from zero, as in a new process
        _train(config_of(section, iters=2), folder, capsys)
    if not (folder / "iter_2" / "model.pdopt").exists():
        paddle.save({}, str(folder / "iter_2" / "model.pdopt"))
    with unique_name.guard():
        text = _train(config_of(section, iters=4), folder, capsys, resume_model=str(folder / "iter_2"))
    assert re.findall(r"\[TRAIN\] iter: (\d+), terms: .* BoundaryLoss (\S+) x", text)[0] == ("3", "0.2")


@pytest.mark.parametrize("transforms", [(), ({"type": "Resize3D", "size": [6, 10, 16]},)], ids=["as it is", "resized"])
def test_each_case_has_its_spacing(transforms, config_of, tmp_path, capsys):
    config = config_of({"type": "BoundaryLoss"}, transforms, iters=1, batch_size=2)
    text = _train(config, tmp_path / "output", capsys)
    scale = np.array([2, 1, 0.5]) if transforms else np.ones(3)
    first = (tiny.SPACINGS[0] * scale).tolist()
    path = config.train_dataset.dataset_json_path
    assert f"distance losses measure in the spacing of each case in {path}; the first: {first}" in text
    model, samples = TinyNet(3), [config.train_dataset[i][:2] for i in range(2)]
    images, labels = (paddle.to_tensor(np.stack(column)) for column in zip(*samples))
    with known_spacing([spacing * scale for spacing in np.array(tiny.SPACINGS[:2])]):
        expected = float(build("BoundaryLoss")(model(images.astype("float32"))[0], labels))
    assert _numbers(text, "loss")[0] == pytest.approx(expected, abs=1e-4)


def test_a_spacing_in_the_file_wins(config_of, tmp_path, capsys):
    text = _train(config_of({"type": "BoundaryLoss", "spacing": 1}, iters=1), tmp_path / "output", capsys)
    assert "distance losses measure" not in text


def test_without_the_file_distances_are_in_voxels(config_of, volumes, tmp_path, capsys):
    (volumes / "dataset.json").write_text('{"training": {"case0": {"spacing": [1, 1, 2]}}}')
    plain = _train(
        config_of({"type": "BoundaryLoss"}, iters=1),
        tmp_path / "output",
        capsys,
        save_interval=9,
        has_dataset_json=False,
    )
    assert "distance losses measure in voxels: no dataset_json_path has the spacing of every case" in plain


def test_the_validation_set_may_name_the_file(config_of, tmp_path, capsys):
    config = config_of({"type": "BoundaryLoss"}, iters=1)
    expected = _train(config, tmp_path / "output", capsys)
    config = config_of({"type": "BoundaryLoss"}, iters=1)
    del config.dic["train_dataset"]["dataset_json_path"]
    assert _numbers(_train(config, tmp_path / "output", capsys), "loss") == _numbers(expected, "loss")


@pytest.mark.parametrize("workers", [0, 1])
def test_maps_come_from_where_the_data_is_loaded(workers, config_of, tmp_path, capsys, monkeypatch):
    from paddleseg_losses.functional import edt

    monkeypatch.setenv("PADDLESEG_LOSSES_KERNELS", "composed")  # kernels compute maps elsewhere
    calls, real = [], edt.host_distance
    monkeypatch.setattr(edt, "host_distance", lambda *args: (calls.append(1), real(*args))[1])
    section = {"type": "BoundaryLoss"}
    plain = _train(config_of(section, iters=1), tmp_path / "output", capsys)
    assert calls
    del calls[:]
    maps = {"type": OURS + "DistanceMaps", "num_classes": 3}
    known = _train(config_of(section, [maps], iters=1), tmp_path / "output", capsys, num_workers=workers)
    assert not calls
    assert _numbers(known, "loss") == _numbers(plain, "loss")


def test_labels_may_be_made_anew(config_of):
    config = config_of(DICE, [{"type": OURS + "Foreground", "classes": [2]}])
    assert set(np.unique(config.train_dataset[0][1])) == {0, 1}
    assert len(config.train_dataset.transforms.transforms[0](np.zeros((2, 2, 2)))) == 2  # no label: inference


def _script(volumes, folder):
    section = {"type": "WeightedSumLoss", "losses": [DICE, {"type": "BoundaryLoss"}]}
    config = tiny.write(folder / "config.yml", tiny.volume_config(volumes, section, iters=2))
    return ["train.py", "--config", str(config), "--do_eval", "--save_dir", str(folder / "output")]


def test_run_needs_no_paddleseg(medicalseg_folder, volumes, tmp_path):
    if medicalseg_folder != STAND_IN:
        pytest.skip("the models of the real one take minutes: see the example")
    hidden = "import sys; sys.modules['paddleseg'] = None; from paddleseg_losses.cli import main; main()"
    command = [sys.executable, "-W", "ignore", "-c", hidden, "run", *_script(volumes, tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=medicalseg_folder)
    assert done.returncode == 0, done.stderr
    assert "[TRAIN] iter: 2, terms: DiceLoss 1 x " in done.stdout
    assert "distance losses measure in the spacing of each case" in done.stdout
    assert "[EVAL] Dice: " in done.stdout


REGISTERED = """
import sys
import medicalseg
import paddleseg_losses
ours = paddleseg_losses.register()
table = medicalseg.cvlibs.manager.LOSSES.components_dict
assert table["TverskyLoss"].loss_class is ours["TverskyLoss"] is paddleseg_losses.TverskyLoss
assert not hasattr(table["DiceLoss"], "loss_class") and "paddleseg" not in sys.modules
print("registered")
"""


def test_register_goes_where_the_program_is(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", REGISTERED]
    paths = os.pathsep.join([str(STAND_IN), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT
    )
    assert done.stdout == "registered\n", done.stderr
