"""The configs for real tasks: explained in both languages, right, built by PaddleSeg, and trained with."""

from pathlib import Path

import numpy as np
import paddle
import pytest
from click.testing import CliRunner
from PIL import Image

from paddleseg_losses.cli import main
from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.config import load
from paddleseg_losses.registry import PREFIX, get
from tests import tiny
from tests.paddleseg.comments import require_both_languages
from tests.start import scenes

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "tasks"
TASKS = {  # symptom of the chooser, model, channels
    "cracks": ("thin-structures", "UNet", 2),
    "vessels": ("thin-structures", "UNet", 1),
    "nuclei": ("small-objects", "UNet", 2),
    "lesions": ("missed-objects", "SegFormer", 2),
    "brain_tumours": ("class-imbalance", "UNet", 3),
    "land_cover": ("absent-classes", "SegFormer", 7),
    "street_scenes": ("miou-metric", "PPLiteSeg", 19),
}
each_task = pytest.mark.parametrize("name", TASKS)


def _losses(section):
    return [inner["type"] for entry in section["types"] for inner in entry.get("losses", [entry])]


def test_there_are_no_others():
    assert {path.stem for path in FOLDER.iterdir()} == {*TASKS, "base"}


@each_task
def test_it_is_explained_in_both_languages(name):
    require_both_languages(FOLDER / f"{name}.yml", f"paddleseg-losses check configs/tasks/{name}.yml")


@each_task
def test_its_loss_is_right_and_the_choosers(name):
    symptom, model, channels = TASKS[name]
    report = check(FOLDER / f"{name}.yml")
    assert report.right, str(report)
    config = load(FOLDER / f"{name}.yml")
    assert any(symptom in get(loss).suits for loss in _losses(config["loss"]))
    assert all(loss.startswith(PREFIX) for loss in _losses(config["loss"]))
    assert (config["model"]["type"], config["model"]["num_classes"]) == (model, channels)
    for part in ("train", "val"):
        assert config[f"{part}_dataset"].get("num_classes", channels) == channels


@each_task
def test_every_output_of_the_model_has_its_loss(name, losses_table):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    import paddleseg_losses as pl
    from paddleseg_losses.paddleseg.shims import module

    pl.register()
    builder = module("cvlibs").SegBuilder(module("cvlibs").Config(str(FOLDER / f"{name}.yml")))
    channels = TASKS[name][2]
    outputs = builder.model(paddle.randn([2, 3, 64, 64]))
    coefficients = builder.loss["coef"]
    assert len(outputs) == len(coefficients)
    several = name == "brain_tumours"
    labels = paddle.randint(0, 2 if several else max(channels, 2), [2, channels, 64, 64] if several else [2, 64, 64])
    for coef, loss, output in zip(coefficients, builder.loss["types"], outputs):
        assert list(output.shape) == [2, channels, 64, 64]
        value = coef * loss(output, labels)
        value.backward(retain_graph=True)
        assert np.isfinite(float(value))
    assert any(weight.grad is not None and bool(weight.grad.abs().max() > 0) for weight in builder.model.parameters())


def _write_data(root, config, name):
    """Discs of the labels that the task's masks hold."""
    channels = TASKS[name][2]
    foreground = any(each["type"].endswith("Foreground") for each in config["train_dataset"]["transforms"])
    lines = []
    for number in range(4):
        label = 255 if foreground else 1 + number % max(channels - 1, 1)
        scenes.save_image(root / f"{number}.png", scenes.disc(number))
        Image.fromarray((scenes.disc(number) * label).astype("uint8")).save(root / f"{number}_mask.png")
        lines.append(f"{number}.png {number}_mask.png\n")
    (root / "train.txt").write_text("".join(lines))
    (root / "val.txt").write_text(lines[0])


@pytest.mark.slow  # seven models of usual size
@each_task
def test_it_trains(name, tmp_path, quick_end):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.trainer import train

    config, root = load(FOLDER / f"{name}.yml"), tmp_path / "data"
    _write_data(root, config, name)
    for part in ("train", "val"):
        section = config[f"{part}_dataset"]
        section.update({"dataset_root": str(root), f"{part}_path": str(root / f"{part}.txt")})
        for transform in section.get("transforms", ()):
            if "crop_size" in transform:
                transform["crop_size"] = [64, 64]
    config.update(batch_size=2, iters=2)
    config_file = tiny.write(tmp_path / "config.yml", config)
    result = train(
        config_file, save_dir=str(tmp_path / "output"), log_iters=1,
        do_eval=name != "brain_tumours",  # PaddleSeg's wheel cannot; `evaluate --use_multilabel` does
    )  # fmt: skip
    assert len(result.loss) == 2
    assert np.isfinite([point["loss"] for point in result.loss]).all()
    if name == "brain_tumours":
        words = [
            "evaluate",
            "--config",
            config_file,
            "--use_multilabel",
            "--model_path",
            tmp_path / "output" / "iter_2",
        ]
        done = CliRunner().invoke(main, [*map(str, words), "--lang", "en"])
        assert done.exit_code == 0, done.output
