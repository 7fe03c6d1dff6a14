"""`weights`: what it prints, and its exit codes."""

import re

import numpy as np
import pytest
import yaml

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image

from paddleseg_losses import registry
from paddleseg_losses.datasets import SCHEMES
from tests import tiny
from tests.datasets.test_mask_sources import FIRST, SECOND, write_masks


@pytest.fixture
def listing(tmp_path):
    (tmp_path / "labels.txt").write_text("ground\nbox\n")
    return write_masks(tmp_path, FIRST, SECOND)


def test_yaml(call, listing):
    result = call("weights", listing, "--num_classes", 2)
    assert (result.exit_code, result.stderr) == (0, "")
    printed = yaml.safe_load(result.stdout)
    assert list(printed) == list(SCHEMES)
    assert printed["inverse"] == [0.25, 1.75]
    for text in ("2 masks, 16 labelled pixels, 11.1% ignored", "ground", "87.5000%", "Eigen & Fergus 2015"):
        assert text in result.stdout


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_loss_to_copy(call, listing, scheme):
    result = call("weights", listing, "--num_classes", 2, "--scheme", scheme, "--beta", 0.5)
    (entry,) = yaml.safe_load(result.stdout)["loss"]["types"]
    assert sum(registry.build(entry).weight) == pytest.approx(2, abs=1e-3)


def test_json(call_json, listing):
    code, printed = call_json("weights", listing, "--num_classes", 3)
    assert code == 0
    assert printed["classes"][1] == {"class": 1, "name": "", "pixels": 2, "images": 1}
    assert printed["never_occur"] == [2]
    assert printed["weights"]["inverse"] == pytest.approx([0.25, 1.75, 0])


def test_rare_classes_stay_numbers_in_yaml(call, tmp_path):
    many = np.zeros([3000, 3000], np.uint8)
    many[0, 0] = 1
    result = call("weights", write_masks(tmp_path, many), "--scheme", "inverse")
    weight = yaml.safe_load(result.stdout)["loss"]["types"][0]["weight"]
    assert all(isinstance(number, (int, float)) for number in weight)
    assert weight[0] == pytest.approx(2 / 9e6, rel=1e-3)


def test_a_foreground_of_255_is_a_problem(call, tmp_path):
    result = call("weights", write_masks(tmp_path, np.array([[0, 255]], np.uint8)), "--num_classes", 2)
    assert result.exit_code == 1
    assert "type: paddleseg_losses.Foreground" in result.stderr


def test_a_class_that_never_occurs_is_named(call, listing):
    result = call("weights", listing, "--num_classes", 3, "--lang", "zh")
    assert result.exit_code == 0
    assert "从未出现的类别：2" in result.stderr
    assert "class that never occurs: 2; its weight is 0" in call("weights", listing, "--num_classes", 3).stderr


BROKEN = {
    "out of range": (np.array([[0, 1, 7, 7]], np.uint8), "out of range (pixels): 7 (2); expected 0 to 1, or 255"),
    "RGB": (np.zeros([4, 4, 3], np.uint8), "1 mask with a channel axis: RGB masks"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_a_training_would_stumble_over_exits_with_1(call, tmp_path, case):
    mask, text = BROKEN[case]
    result = call("weights", write_masks(tmp_path, FIRST, mask), "--num_classes", 2)
    assert result.exit_code == 1
    assert text in result.stderr
    assert "inverse: [" in result.stdout


def test_masks_of_0_and_255(call, tmp_path):
    result = call("weights", write_masks(tmp_path, np.array([[0, 255]], np.uint8)))
    assert "type: paddleseg_losses.Foreground" in result.stderr
    assert "class that never occurs: 1" in result.stderr


def test_nothing_to_count(call, call_json, tmp_path):
    listing = write_masks(tmp_path, np.array([[255, 255]], np.uint8))
    result = call("weights", listing)
    assert result.exit_code == 1
    assert "No mask contains a class" in result.stderr
    (tmp_path / "gone.txt").write_text("a nowhere.png\n")
    result = call("weights", tmp_path / "gone.txt")
    assert result.exit_code == 1
    assert "1 mask not found" in result.stderr
    code, printed = call_json("weights", tmp_path / "nothing.txt")
    assert (code, printed["error"]["expected"]) == (1, "a file list such as train.txt, or a YAML configuration")


def test_in_a_shell_with_processes(shell, tmp_path):
    listing = write_masks(tmp_path, *[FIRST, SECOND] * 40)
    code, out, err = shell("weights", listing, "--workers", 2)
    assert (code, err) == (0, "")
    assert yaml.safe_load(out)["inverse"] == [0.25, 1.75]


@pytest.mark.parametrize("label", [20_000, 2_000_000_000])
def test_one_absurd_label_makes_no_table_of_so_many_classes(label, call, tmp_path):
    mask = np.zeros([20, 20], np.int32)
    mask[:5], mask[0, 0] = 1, label
    listing = write_masks(tmp_path, np.zeros([1, 1], np.uint8))
    Image.fromarray(mask).save(tmp_path / "a.tif")
    listing.write_text("image a.tif\n")
    result = call("weights", listing)
    assert result.exit_code == 1
    assert f"the largest label is {label}, in a.tif" in result.stderr
    result = call("weights", listing, "--num_classes", 2)  # as it says
    assert result.exit_code == 1
    assert f"out of range (pixels): {label} (1)" in result.stderr
    assert yaml.safe_load(result.stdout)["inverse"] == pytest.approx([0.49, 1.51], abs=0.01)
    assert call("weights", listing, "--num_classes", 2_000_000_000).exit_code == 1


def test_a_tab_between_names_with_blanks(call, tmp_path):
    listing = write_masks(tmp_path, FIRST)
    (tmp_path / "0.png").rename(tmp_path / "a 0.png")
    listing.write_text("an image.png\ta 0.png\n")
    assert 'set separator: "\\t"' in call("weights", listing).stderr
    assert call("weights", listing, "--separator", "\\t").exit_code == 0


def test_one_channel_gets_the_weight_of_its_positives(call, call_json, tmp_path):
    """The odds of the two classes; what is printed is right to `check`."""
    from paddleseg_losses.paddleseg.checking import check

    dataset = tiny.write_dataset(tmp_path / "data", classes=1)
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "BinaryCrossEntropyLoss"}, classes=1)
    _, facts = call_json("weights", path)
    zero, one = (each["pixels"] for each in facts["classes"])
    assert facts["pos_weight"]["inverse"] == pytest.approx(zero / one)
    text = call("weights", path).output
    assert "[" not in re.sub("#.*", "", text)  # no list of weights: there is one channel
    assert yaml.safe_load(text)["pos_weight"]["inverse"] == pytest.approx(zero / one, rel=1e-3)
    loss = yaml.safe_load(call("weights", path, "--scheme", "inverse").output)["loss"]
    assert check(tiny.write(tmp_path / "weighted.yml", tiny.config(dataset, loss, classes=1))).right


def _white(tmp_path):
    """A dataset whose masks hold 0 and 255, as most programs save them."""
    import cv2

    dataset = tiny.write_dataset(tmp_path / "data", classes=2)
    for file in dataset.glob("label*.png"):
        cv2.imwrite(str(file), ((cv2.imread(str(file), -1) == 1) * 255).astype("uint8"))
    return dataset


def test_white_masks_are_answered_with_what_reads_them(call, tmp_path, quick_end):
    """By each command; and then each command is content."""
    pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")
    dataset = _white(tmp_path)
    path = tiny.write_config(tmp_path / "config.yml", dataset, {"type": "TverskyLoss"}, classes=2, iters=1)
    save = ("--save_dir", tmp_path / "output")
    said = [call("weights", path), call("doctor", "--config", path), call("train", "--config", path, *save)]
    assert [result.exit_code for result in said] == [1, 1, 1]
    content = yaml.safe_load(path.read_text())
    for part in ("train", "val"):
        content[f"{part}_dataset"]["transforms"].insert(0, {"type": "paddleseg_losses.Foreground", "classes": [255]})
    for result in said:
        text = result.output + result.stderr
        assert "no foreground is left" in text
        assert "type: paddleseg_losses.Foreground" in text
        assert "classes: [255]" in text
    tiny.write(path, content)
    assert call("weights", path).exit_code == 0
    assert call("doctor", "--config", path).exit_code == 0
    assert call("train", "--config", path, *save).exit_code == 0


@pytest.mark.parametrize(("largest", "cure"), [(2, "save them with 8 bits"), (300, "8 bits are too few")])
def test_masks_of_16_bits_are_told_what_fits_them(largest, cure, call, tmp_path):
    import cv2

    mask = np.zeros((8, 8), "uint16")
    mask[0, 0] = largest
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    (tmp_path / "list.txt").write_text("mask.png mask.png\n")
    said = call("weights", tmp_path / "list.txt", "--num_classes", largest + 1).stderr
    assert cure in said
