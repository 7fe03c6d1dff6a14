"""The configs of recipes that people copy: explained in both languages, right, and trained with."""

from pathlib import Path

import numpy as np
import pytest

from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.config import load
from paddleseg_losses.registry import PREFIX
from tests import tiny
from tests.paddleseg.comments import require_both_languages

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "recipes"
RECIPES = {  # what is inside, in its order
    "nnunet": ["DiceCELoss"],
    "unet3plus_hybrid": ["FocalLoss", "MSSSIMLoss", "JaccardLoss"],
    "dice_cldice": ["DiceLoss", "SoftCLDiceLoss"],
    "dice_boundary": ["DiceLoss", "BoundaryLoss"],
    "brats_regions": ["DiceCELoss"],
}
each_recipe = pytest.mark.parametrize("name", RECIPES)


def test_there_are_no_others():
    assert {path.stem for path in FOLDER.iterdir()} == set(RECIPES)


@each_recipe
def test_it_is_explained_in_both_languages(name):
    require_both_languages(FOLDER / f"{name}.yml", f"paddleseg-losses check configs/recipes/{name}.yml")


@each_recipe
def test_check_finds_nothing_wrong(name):
    report = check(FOLDER / f"{name}.yml")
    assert report.right, str(report)
    (entry,) = load(FOLDER / f"{name}.yml")["loss"]["types"]
    inside = entry.get("losses") or [entry.get("loss", entry)]
    assert [each["type"].removeprefix(PREFIX) for each in inside] == RECIPES[name]


def _small(name, dataset, folder):
    """The same on a few small images."""
    config = load(FOLDER / f"{name}.yml")
    for part in ("train", "val"):
        section = config[f"{part}_dataset"]
        section.update({"dataset_root": str(dataset), f"{part}_path": str(dataset / f"{part}.txt")})
        for transform in section["transforms"]:
            if "crop_size" in transform:
                transform.update(crop_size=[32, 32], label_padding_value=255)
    config.update(batch_size=2)
    return tiny.write(folder / "config.yml", config)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name == "brats_regions" else []) for name in RECIPES],  # a UNet
)
def test_it_trains(name, four_classes, tmp_path, quick_end):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.trainer import train

    recorder, path = tiny.recorder(), _small(name, four_classes, tmp_path)
    result = train(path, save_dir=str(tmp_path / "output"), iters=2, log_iters=1, seed=0, display=recorder)
    assert recorder.warned == []
    assert np.isfinite([point["loss"] for point in result.loss]).all()
    assert len(result.loss) == 2


def test_the_outputs_of_the_nnunet_recipe_have_the_weights_of_nnunet(losses_table):
    weights = load(FOLDER / "nnunet.yml")["loss"]["coef"]
    halves = np.array([1, 1 / 2, 0])
    np.testing.assert_allclose(weights, halves / halves.sum(), atol=5e-4)
