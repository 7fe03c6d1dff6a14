"""The configs for each way of use: explained in both languages, right, built by PaddleSeg, and trained with."""

from pathlib import Path

import numpy as np
import paddle
import pytest

import paddleseg_losses as pl
from paddleseg_losses.cli import main
from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.config import load
from tests import tiny
from tests.paddleseg.comments import require_both_languages

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "usage"
CHANNELS = {
    "single_loss": 4,
    "weighted_sum": 4,
    "auxiliary_heads": 4,
    "schedule": 4,
    "binary": 1,
    "multilabel": 3,
    "distributed": 4,
    "partial_labels": 4,
}
each_config = pytest.mark.parametrize("name", CHANNELS)


def _built(name):
    """The loss section and the model, as PaddleSeg makes them from the file."""
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.shims import module

    pl.register()
    builder = module("cvlibs").SegBuilder(module("cvlibs").Config(str(FOLDER / f"{name}.yml")))
    return builder.loss, builder.model


def test_there_are_no_others():
    assert {path.stem for path in FOLDER.iterdir()} == set(CHANNELS)


@each_config
def test_it_is_explained_in_both_languages(name):
    require_both_languages(FOLDER / f"{name}.yml", f"paddleseg-losses check configs/usage/{name}.yml")


@each_config
def test_check_finds_nothing_wrong(name, capsys):
    report = check(FOLDER / f"{name}.yml")
    assert report.right, str(report)
    with pytest.raises(SystemExit) as end:
        main(["check", str(FOLDER / f"{name}.yml")])
    assert end.value.code == 0
    assert capsys.readouterr().out.strip() == str(report).strip()


@each_config
def test_every_output_of_the_model_has_its_loss(name, losses_table):
    section, model = _built(name)
    images = paddle.to_tensor(np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype("float32"))
    outputs = model(images)
    assert len(outputs) == len(section["types"]) == len(section["coef"])
    channels = CHANNELS[name]
    shape = (2, channels, 64, 64) if name == "multilabel" else (2, 64, 64)
    labels = np.random.default_rng(1).integers(0, 2 if name == "multilabel" else max(channels, 2), shape)
    total = 0.0
    for coef, loss, output in zip(section["coef"], section["types"], outputs):
        assert type(loss).__module__.startswith("paddleseg_losses.")
        assert list(output.shape) == [2, channels, 64, 64]
        total = total + coef * loss(output, paddle.to_tensor(labels))
    total.backward()
    assert np.isfinite(float(total))
    assert any(weight.grad is not None and bool(weight.grad.abs().max() > 0) for weight in model.parameters())


def test_what_each_file_is_there_to_show(losses_table):
    (single,) = _built("single_loss")[0]["types"]
    assert repr(single) == "TverskyLoss(alpha=0.3, beta=0.7, smooth=1.0)"
    (total,) = _built("weighted_sum")[0]["types"]
    assert (len(total.losses), total.coef) == (3, (1.0, 1.0, 0.01))
    heads, _ = _built("auxiliary_heads")
    assert ([type(loss).__name__ for loss in heads["types"]], heads["coef"]) == (
        ["ComboLoss", "CrossEntropyLoss"],
        [1, 0.4],
    )
    (moving,) = _built("schedule")[0]["types"]
    assert moving.losses[1]["schedule"] == {"kind": "rebalance", "start": 0.01, "end": 0.5, "steps": 200, "after": 0}
    for weights in ([0.99, 0.01], [0.5, 0.5]):
        moving(paddle.zeros([1, 4, 8, 8]), paddle.ones([1, 8, 8], "int64"))
        assert list(moving.weights.values()) == pytest.approx(weights)
        for _ in range(200):
            moving.step()
    (many,) = _built("multilabel")[0]["types"]
    assert many.mode == "multilabel"
    (ranks,) = _built("distributed")[0]["types"]
    assert ranks.losses[1] == {"type": "paddleseg_losses.DiceLoss", "batch": True, "sync": True}


def _on_small_images(name, four_classes, tmp_path):
    """The same file for other data."""
    config = load(FOLDER / f"{name}.yml")
    for part in ("train", "val"):
        section = config[f"{part}_dataset"]
        if section:
            section.update({"dataset_root": str(four_classes), f"{part}_path": str(four_classes / f"{part}.txt")})
        for transform in section.get("transforms", ()):
            if "crop_size" in transform:
                transform.update(crop_size=[40, 32])
            if "files" in transform:
                transform.update(files={"axial_0*.png": "label0*", "axial_1*.png": "label1*"}[transform["files"]])
    config.update(batch_size=2)
    return tiny.write(tmp_path / "config.yml", config)


@each_config
def test_the_doctor_has_nothing_against_its_labels(name, four_classes, tmp_path, losses_table):
    from paddleseg_losses.doctor import run_checks

    codes = {item.code for item in run_checks(_on_small_images(name, four_classes, tmp_path)).findings}
    assert not codes & {"labels_out_of_range", "class_never_occurs", "refused", "optimizer", "heads"}


@each_config
def test_it_trains(name, four_classes, tmp_path, quick_end):
    from paddleseg_losses.paddleseg.trainer import train

    recorder = tiny.recorder()
    result = train(
        _on_small_images(name, four_classes, tmp_path),
        save_dir=str(tmp_path / "output"),
        iters=2,
        log_iters=1,
        seed=0,
        display=recorder,
    )
    assert recorder.warned == []
    assert np.isfinite([point["loss"] for point in result.loss]).all()
    assert len(result.loss) == 2
    assert (result.scores is None) == (name == "multilabel")
