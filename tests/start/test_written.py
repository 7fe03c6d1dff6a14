"""What is written: read by PaddleSeg, right for check and doctor, and trained with."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddleseg_losses import catalogue
from paddleseg_losses.errors import DataError
from paddleseg_losses.paddleseg.checking import check
from paddleseg_losses.paddleseg.config import load
from paddleseg_losses.registry import get
from paddleseg_losses.start import MODELS, Options, find_out, make_plan, write_plan
from paddleseg_losses.start.recipes import recommend
from tests.start import scenes

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("images/p{}.jpg", "masks/p{}.png")


def _write(root, out, **options):
    plan = make_plan(root, out, Options(**options))
    return plan, write_plan(plan)


def _content(root):
    return {path: hashlib.sha1(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def _lesions(number):
    mask = np.zeros(scenes.SIZE, "uint8")
    mask[10 + number : 12 + number, 20:23] = 255
    return mask


def _cracks(number):
    mask = np.zeros(scenes.SIZE, "uint8")
    mask[20 + number, 2:60] = mask[5:40, 30 + number] = 255
    return mask


def _classes(number):
    mask = np.zeros(scenes.SIZE, "uint8")
    for place in range(2):
        mask[5:25, 5 + 30 * place : 30 + 30 * place] = 1 + (number + place) % 6
    return mask


def _colored(number):
    return np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0)], "uint8")[scenes.disc(number).astype(int) * (1 + number % 2)]


SEEN = {  # masks: symptom, losses, model
    "lesions": (_lesions, "small-objects", ["GeneralizedDiceLoss"], "unet"),
    "cracks": (_cracks, "thin-structures", ["DiceLoss", "SoftCLDiceLoss"], "unet"),
    "many classes": (_classes, "absent-classes", ["CELovaszLoss"], "pp_liteseg"),
    "discs": (scenes.foreground, "first-attempt", ["DiceCELoss"], "pp_liteseg"),
    "colors": (_colored, "class-imbalance", ["GeneralizedDiceLoss"], "pp_liteseg"),
}


@pytest.mark.parametrize("case", SEEN)
def test_what_is_seen_decides_and_passes_every_check(case, tmp_path, losses_table):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.doctor import run_checks

    masks, symptom, losses, model = SEEN[case]
    root = scenes.write(tmp_path / "data", NAMES, masks)
    before = _content(root)
    plan, written = _write(root, tmp_path / "out")
    assert _content(root) == before
    assert (plan.recipe.symptom, plan.recipe.loss_names, plan.recipe.model) == (symptom, losses, model)
    assert all(symptom in get(name).suits for name in losses if name != "DiceLoss")
    assert written.lists == {"train": 5, "val": 1}
    assert written.preview
    report = check(tmp_path / "out" / "config.yml")
    assert report.right, str(report)
    diagnosis = run_checks(tmp_path / "out" / "config.yml")
    assert diagnosis.well, [str(item.text) for item in diagnosis.findings]
    assert len(diagnosis.classes) == len(plan.reading.names)


@pytest.mark.parametrize("model", MODELS)
def test_it_trains(model, tmp_path, quick_end):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.trainer import train

    root = scenes.write(tmp_path / "my data", NAMES, scenes.foreground)
    plan, _written = _write(root, tmp_path / "my out", model=model)
    assert plan.separator == "\t"
    config = tmp_path / "my out" / "config.yml"
    result = train(str(config), save_dir=str(tmp_path / "runs"), iters=1, batch_size=2, log_iters=1, do_eval=True)
    assert np.isfinite(result.loss[0]["loss"])
    assert [str(each.name) for each in result.scores.classes] == ["background", "foreground"]


def test_large_images_are_predicted_window_by_window(tmp_path, quick_end):
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    from paddleseg_losses.paddleseg.trainer import train

    mask = np.kron(scenes.foreground(0), np.ones((1, 72), "uint8"))  # 48 x 4608 pixels: thirteen crops of 32 x 512
    for number in range(2):
        scenes.save_image(tmp_path / "wide" / f"images/{number}.png", mask)
        scenes.save_mask(tmp_path / "wide" / f"masks/{number}.png", mask)
    _write(tmp_path / "wide", tmp_path / "out", model="pp_liteseg")
    config = tmp_path / "out" / "config.yml"
    assert check(config).right
    assert load(config)["test_config"] == {"is_slide": True, "crop_size": [512, 32], "stride": [384, 24]}
    result = train(str(config), save_dir=str(tmp_path / "runs"), iters=1, batch_size=1, do_eval=True)
    assert np.isfinite(result.scores.mean_iou)
    scenes.write(tmp_path / "small", NAMES)
    _write(tmp_path / "small", tmp_path / "small_out")
    assert "test_config" not in load(tmp_path / "small_out" / "config.yml")


@pytest.mark.parametrize("page", ["start.md", "start_cn.md"])
def test_the_page_names_the_losses_that_the_chooser_puts_first(page):
    lines = re.findall(r"^[1-5]\. \*\*.*", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    named = [re.findall(r"\[`(\w+)`\]", line) for line in lines]
    symptoms = ("absent-classes", "small-objects", "class-imbalance", "first-attempt")
    firsts = [catalogue.losses(symptom=symptom)[0]["name"] for symptom in symptoms]
    assert named == [["DiceLoss", "SoftCLDiceLoss"], *([name] for name in firsts[:3]), [firsts[3], "CrossEntropyLoss"]]
    assert "thin-structures" in get("SoftCLDiceLoss").suits
    assert "first-attempt" in get("CrossEntropyLoss").suits


def test_masks_of_colors_are_converted(tmp_path):
    root = scenes.write(tmp_path / "data", NAMES, _colored)
    _plan, _written = _write(root, tmp_path / "out")
    with Image.open(tmp_path / "out" / "masks" / "images" / "p1.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), scenes.disc(1) * 1)  # the darker one first: green
    legend = (tmp_path / "out" / "legend.yml").read_text()
    assert "- {class: 1, name: \"class 1\", values: ['#00ff00']}" in legend
    again = make_plan(root, tmp_path / "again", Options(legend=tmp_path / "out" / "legend.yml"))
    assert again.reading.classes == [(0,), (0xFF00,), (0xFF0000,)]


def test_an_image_that_its_tag_turns_is_saved_anew(tmp_path):
    root = scenes.write(tmp_path / "data", NAMES)
    exif = Image.Exif()
    exif[0x0112] = 6
    scenes.save_image(root / "images" / "p2.jpg", scenes.disc(2), exif=exif)
    exif[0x0112] = 3
    scenes.save_image(root / "images" / "p3.jpg", scenes.disc(3), exif=exif)
    plan, _written = _write(root, tmp_path / "out")
    assert plan.rewritten == {"images/p2.jpg": "exif"}
    with Image.open(tmp_path / "out" / "images" / "images" / "p2.png") as image:
        assert image.size == (64, 48)
        assert not image.getexif().get(0x0112)
    (reason,) = [str(each.reason) for each in plan.left_out if each.name == "images/p3.jpg"]
    assert reason.startswith("its EXIF tag turns the image")


def test_images_of_16_bits_that_opencv_reads_darkly(tmp_path):
    root = scenes.write(tmp_path / "data", NAMES)
    for number, bits in enumerate((12, 16)):
        scenes.save_mask(root / f"images/q{number}.png", (scenes.disc() * (2**bits - 1)).astype("uint16"))
        scenes.save_mask(root / f"masks/q{number}.png", scenes.foreground(0))
    notes = [str(note) for note in make_plan(root, tmp_path / "out", Options()).notes]
    assert any("images/q0.png becomes 15 of 255" in note for note in notes)
    assert any("scale all images to 8 bits" in note for note in notes)
    (root / "images/q0.png").unlink()
    notes = [str(note) for note in make_plan(root, tmp_path / "out", Options()).notes]
    assert any("images/q1.png becomes 255 of 255" in note for note in notes)
    assert not any("scale all images" in note for note in notes)


def test_images_that_opencv_does_not_read(tmp_path):
    root = scenes.write(tmp_path / "data", ("images/p{}.gif", "masks/p{}.png"))
    plan, _written = _write(root, tmp_path / "out")
    lines = (tmp_path / "out" / "train.txt").read_text().splitlines()
    assert set(plan.rewritten.values()) <= {"format"}
    assert len(lines) == 5
    assert all((tmp_path / "out" / name).is_file() for line in lines for name in line.split())


def test_names_decide_what_separates_them(tmp_path):
    root = scenes.write(tmp_path / "a\tb c", ("images/p, {}.jpg", "masks/p, {}.png"))
    plan, _written = _write(root, tmp_path / "out")
    assert plan.separator == ";"
    assert load(tmp_path / "out" / "config.yml")["train_dataset"]["separator"] == ";"


def test_sides_are_not_flipped(tmp_path):
    root = scenes.write(tmp_path / "data", NAMES, lambda number: scenes.disc(number) * np.uint8(1 + number % 2))
    (root / "labels.txt").write_text("background\nleft lung\nright lung\n")
    _plan, _written = _write(root, tmp_path / "out")
    kinds = [each["type"] for each in load(tmp_path / "out" / "config.yml")["train_dataset"]["transforms"]]
    assert "RandomHorizontalFlip" not in kinds
    assert (tmp_path / "out" / "labels.txt").read_text() == "background\nleft lung\nright lung\n"


def test_nothing_is_overwritten_and_nothing_lands_in_the_data(tmp_path, monkeypatch):
    root = scenes.write(tmp_path / "data", NAMES)
    _write(root, tmp_path / "out")
    with pytest.raises(DataError, match=r"out/config\.yml exists already"):
        find_out(root, str(tmp_path / "out"))
    with pytest.raises(DataError, match="is not empty"):
        find_out(root, str(root))
    monkeypatch.chdir(root)
    with pytest.raises(DataError, match="would be written into your data"):
        find_out(root, None)
    assert find_out(root, "inside") == root / "inside"
    monkeypatch.chdir(tmp_path)
    assert find_out(root, None) == tmp_path / "data_start"
    before = sorted(tmp_path.rglob("*"))
    make_plan(root, tmp_path / "dry", Options())
    assert sorted(tmp_path.rglob("*")) == before


def test_what_lies_inside_the_data_is_not_data(tmp_path):
    root = scenes.write(tmp_path / "data", NAMES, _colored)
    _write(root, root / "out")
    assert len(make_plan(root, root / "out", Options()).samples) == 6


def test_a_mask_with_a_value_that_was_not_seen(tmp_path):
    """Of many masks some are read at first; what the others hold besides is ignored and named."""
    root = scenes.write(tmp_path / "data", ("images/p{}.jpg", "masks/p{}.tif"), _colored)
    odd = _colored(2).copy()
    odd[:3] = (9, 9, 9)
    scenes.save_mask(root / "masks" / "p2.tif", odd)
    (root / "masks" / "p3.tif").write_bytes((root / "masks" / "p3.tif").read_bytes()[:-3000])
    _plan, written = _write(root, tmp_path / "out", masks=2)
    assert any("masks/p2.tif holds the value #090909" in str(note) for note in written.notes)
    assert [each.name for each in written.left_out] == ["images/p3.jpg"]
    assert sum(written.lists.values()) == 5


def test_iterations_and_crops(tmp_path):
    plan = make_plan(scenes.write(tmp_path / "data", NAMES), tmp_path / "out", Options())
    assert plan.recipe.crop == (64, 32)
    large = recommend([], plan.statistics, 10_000, 2)
    assert (large.batch_size, large.iters) == (4, 80_000)
