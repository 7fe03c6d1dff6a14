"""The config of each loss: fresh, right, and trained with through PaddleSeg, alone and inside a weighted sum."""

import runpy
from pathlib import Path

import numpy as np
import paddle
import pytest

import paddleseg_losses
from paddleseg_losses import registry
from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.config import load
from tests import tiny

ROOT = Path(__file__).resolve().parents[2]
SPECS = list(registry.specs())
each_loss = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


def _file(spec):
    return ROOT / "configs" / "losses" / f"{spec.name}.yml"


def test_the_files_are_fresh(capsys):
    generator = runpy.run_path(str(ROOT / "configs" / "generate.py"))
    assert generator["main"](check=True) == 0, capsys.readouterr().out
    assert {path.stem for path in _file(SPECS[0]).parent.iterdir()} == set(registry.names())


@each_loss
def test_check_finds_nothing_wrong(spec):
    report = check(_file(spec))
    assert report.right, str(report)
    assert report.losses  # and PaddleSeg's own name was not taken for ours
    assert report.losses[0].startswith(spec.name)


@each_loss
def test_every_loss_trains_alone(spec, four_classes, tmp_path, quick_end):
    config = _small(load(_file(spec)), four_classes)
    recorder, result = _train(config, tmp_path)
    assert recorder.warned == []
    assert f"loss 1 x {spec.name}(" in recorder.said[0]
    values = [point["loss"] for point in result.loss]
    assert np.isfinite(values).all()
    assert len(values) == 3
    assert (tmp_path / "output" / "iter_3" / "model.pdparams").is_file()
    assert len(result.scores.classes) == max(config["model"]["num_classes"], 2)


@pytest.mark.parametrize("channels", [1, 4])
def test_all_losses_train_inside_a_weighted_sum(channels, four_classes, tmp_path, quick_end):
    files = [load(_file(spec)) for spec in SPECS]
    files = [file for file in files if file["model"]["num_classes"] == channels]
    entries = [file["loss"]["types"][0] for file in files]
    dotted = [{**entry, "type": f"paddleseg_losses.{entry['type'].rpartition('.')[2]}"} for entry in entries]
    total = {"type": "WeightedSumLoss", "losses": dotted, "coef": [1 / len(dotted)] * len(dotted)}
    config = _small(files[0], four_classes)
    config["loss"] = {"types": [total], "coef": [1]}
    del config["val_dataset"]  # scored above
    recorder, result = _train(config, tmp_path)
    assert recorder.warned == []
    assert len(result.loss) == 3
    for point in result.loss:
        assert {term["name"].partition(".")[0] for term in point["terms"]} >= set(_names(entries))
        assert np.isfinite([point["loss"], *(term["value"] for term in point["terms"])]).all()


def _names(entries):
    """Of the losses; a sum is its own terms."""
    return [name for e in entries if (name := e["type"].rpartition(".")[2]) != "WeightedSumLoss"]


@each_loss
def test_every_loss_falls_on_one_batch(spec, losses_table):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.shims import module

    paddleseg_losses.register()
    config = module("cvlibs").Config(str(_file(spec)))  # PaddleSeg reads the file and its bases itself
    (loss,) = module("cvlibs").SegBuilder(config).loss["types"]
    assert type(loss) is spec.cls
    channels = config.model_cfg["num_classes"]
    images, labels = _batch(channels)
    paddle.seed(0)
    model = paddle.nn.Sequential(
        paddle.nn.Conv2D(3, 12, 3, padding=1), paddle.nn.ReLU(), paddle.nn.Conv2D(12, channels, 3, padding=1)
    )
    optimizer = paddle.optimizer.Adam(0.02, parameters=model.parameters())
    values = []
    for _ in range(30):
        value = loss(model(images), labels)
        value.backward()
        optimizer.step()
        optimizer.clear_grad()
        values.append(float(value))
    if spec.name == "ActiveBoundaryLoss":  # pixels join and leave the boundary that it is a mean over
        assert np.isfinite(values).all()
        return
    assert np.mean(values[-5:]) < 0.8 * np.mean(values[:5]), values


def test_one_channel_learns_what_is_foreground(four_classes, tmp_path, quick_end):
    config = _small(load(ROOT / "configs" / "quick_start" / "mni_white_matter.yml"), four_classes)
    config["lr_scheduler"]["learning_rate"] = 0.02
    _, result = _train(config, tmp_path, iters=60, do_eval=True, save_interval=30)
    background, foreground = result.scores.classes
    assert (str(background.name), str(foreground.name)) == ("background", "foreground")
    assert foreground.iou > 0.3  # evaluated as PaddleSeg does it, it would be 0
    assert result.evaluations[-1]["class_iou"] == pytest.approx([background.iou, foreground.iou], abs=1e-4)


def _small(config, dataset):
    """The same on a tiny dataset with a tiny model; the transforms stay, with a smaller crop."""
    for part in ("train", "val"):
        section = config[f"{part}_dataset"]
        section.update({"dataset_root": str(dataset), f"{part}_path": str(dataset / f"{part}.txt")})
        for transform in section["transforms"]:
            if "crop_size" in transform:
                transform.update(crop_size=[40, 32], label_padding_value=255)
    config.update(batch_size=2, model={**tiny.SMALL, "num_classes": config["model"]["num_classes"]})
    return config


def _train(config, folder, iters=3, **flags):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.trainer import train

    path, recorder = tiny.write(folder / "config.yml", config), tiny.recorder()
    output = str(folder / "output")
    return recorder, train(path, save_dir=output, iters=iters, log_iters=1, seed=0, display=recorder, **flags)


def _batch(channels):
    """Two noisy images of rectangles in three colours; one channel asks for the third."""
    rng = np.random.default_rng(0)
    labels = np.zeros((2, 24, 28), "int64")
    for image in labels:
        for c in range(1, 4):
            y, x = rng.integers(1, 10, 2)
            image[y : y + 9, x + 4 * c : x + 4 * c + 7] = c
    images = np.eye(4)[labels].transpose(0, 3, 1, 2)[:, 1:] + rng.normal(0, 0.5, (2, 3, 24, 28))
    labels = labels if channels > 1 else (labels == 3).astype("int64")
    labels[:, 0] = 255
    return paddle.to_tensor(images.astype("float32")), paddle.to_tensor(labels)
