"""The doctor on data as people have them: what a colleague would notice on disk, and what mends it."""

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed")

from PIL import Image

from paddleseg_losses.doctor import run_checks
from paddleseg_losses.paddleseg.shims import module
from tests import tiny

DICE = {"type": "paddleseg_losses.DiceLoss"}


@pytest.fixture
def folder(tmp_path):
    return tiny.write_dataset(tmp_path / "data")


@pytest.fixture
def codes(tmp_path, folder, losses_table):
    """The findings of a configuration on the folder, by their codes."""

    def checked(transforms=(), classes=3, **changes):
        config = tiny.config(folder, DICE, classes, **changes)
        config["train_dataset"]["transforms"] = [*transforms, {"type": "Normalize"}]
        diagnosis = run_checks(tiny.write(tmp_path / "config.yml", config))
        return {item.code: item for item in reversed(diagnosis.findings)}  # the first of each kind

    return checked


def _masks(folder, change, numbers=range(6)):
    for number in numbers:
        file = folder / f"label{number}.png"
        change(np.asarray(Image.open(file)), file)


def _saved(change):
    return lambda mask, file: Image.fromarray(change(mask)).save(file)


def test_nothing_is_found_in_good_data(codes):
    assert not codes()
    assert not codes([{"type": "RandomPaddingCrop", "crop_size": [32, 32]}, {"type": "RandomHorizontalFlip"}])
    assert not codes([{"type": "Resize", "target_size": [64, 64]}])


VALIDATION = {
    "0 and 255": (_saved(lambda mask: ((mask == 1) * 255).astype("uint8")), "masks_0_255"),
    "a label beyond": (_saved(lambda mask: np.where(mask == 2, 7, mask).astype("uint8")), "labels_out_of_range"),
    "colors": (_saved(lambda mask: np.stack([mask] * 3, -1)), "masks_channels"),
    "not there": (lambda mask, file: file.unlink(), "masks_missing"),
    "junk": (lambda mask, file: file.write_bytes(b"no picture"), "masks_unreadable"),
    "smaller": (_saved(lambda mask: mask[:20]), "sizes"),
    "of 16 bits": (_saved(lambda mask: mask.astype("uint16")), "masks_bits_16"),
}


@pytest.mark.parametrize("case", VALIDATION)
def test_validation_masks(case, codes, folder):
    change, code = VALIDATION[case]
    _masks(folder, change, (4, 5))
    findings = codes()
    assert code in findings
    assert str(findings[code].text).startswith("val_dataset: ")
    assert "train_dataset:" not in str(findings[code].yaml)


def test_a_validation_list_that_is_not_there(codes, folder):
    (folder / "val.txt").unlink()
    assert "val_dataset: " in str(codes()["refused"].text)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda mask: mask.repeat(2, 0).repeat(2, 1), "sizes"),
        (lambda mask: np.rot90(mask), "swapped"),
        (lambda mask: mask.T, "swapped"),
    ],
)
@pytest.mark.parametrize("transform", ["Resize", "RandomPaddingCrop"])
def test_masks_that_do_not_fit_their_images(change, code, transform, codes, folder):
    size = {"target_size": [64, 64]} if transform == "Resize" else {"crop_size": [96, 96]}
    _masks(folder, _saved(lambda mask: np.ascontiguousarray(change(mask))))
    findings = codes([{"type": transform, **size}])
    assert code in findings
    assert "label0.png has" in str(findings[code].text)
    assert "train.txt, line 1" in str(findings[code].text)
    assert "RandomPaddingCrop" not in str(findings[code].yaml)


def test_files_anywhere_in_the_list(codes, folder, tmp_path):
    (folder / "image3.png").unlink()
    (folder / "image4.png").write_bytes(b"no picture")
    findings = codes(batch_size=1)
    assert "train.txt, line 4" in str(findings["images_missing"].text)
    assert "val.txt, line 1" in str(findings["images_unreadable"].text)


def test_an_image_that_is_cut_off(codes, folder):
    Image.open(folder / "image4.png").save(folder / "image4.jpg")
    whole = (folder / "image4.jpg").read_bytes()
    (folder / "image4.png").unlink()
    (folder / "image4.jpg").write_bytes(whole[:-40])
    (folder / "val.txt").write_text("image4.jpg label4.png\nimage5.png label5.png\n")
    assert "image4.jpg is cut off" in str(codes(batch_size=1)["images_unreadable"].text)


def _tagged(folder, orientation, size=None):
    """Images as JPEG, with an EXIF tag."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    for number in range(6):
        picture = Image.open(folder / f"image{number}.png")
        (picture.resize(size) if size else picture).save(folder / f"image{number}.jpg", exif=exif)
    for part in ("train", "val"):
        listing = folder / f"{part}.txt"
        listing.write_text("".join(line.replace(".png", ".jpg", 1) + "\n" for line in listing.read_text().splitlines()))


def test_images_turned_by_exif(codes, folder):
    resize = [{"type": "Resize", "target_size": [64, 64]}]
    _tagged(folder, 6)
    item = codes(resize)["exif"]
    assert "IMREAD_IGNORE_ORIENTATION" in str(item.yaml)
    for number in range(6):  # what it says to do
        file = str(folder / f"image{number}.jpg")
        cv2.imwrite(file, cv2.imread(file, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION))
    assert not codes(resize)


def test_masks_that_fit_the_turned_images(codes, folder):
    _tagged(folder, 6)
    _masks(folder, _saved(lambda mask: np.ascontiguousarray(np.rot90(mask, -1))))
    assert not codes()


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_images_turned_upside_down(orientation, codes, folder):
    _tagged(folder, orientation)
    item = codes()["exif_unclear"]
    assert "if the masks fit the turned images" in str(item.yaml)
    for number in range(6):  # as it says for masks that fit the turned images
        file = str(folder / f"image{number}.jpg")
        cv2.imwrite(file, cv2.imread(file))
    assert not codes()


@pytest.mark.parametrize(
    ("bits", "stored"), [(1, lambda mask: mask == 1), (16, lambda mask: (mask == 1).astype("uint16"))]
)
def test_bits(bits, stored, codes, folder):
    _masks(folder, _saved(stored))
    item = codes(classes=2)[f"masks_bits_{bits}"]
    assert "train" in str(item.yaml)
    _masks(folder, lambda mask, file: Image.fromarray(np.asarray(Image.open(file)).astype("uint8")).save(file))
    assert not codes(classes=2)  # as it says


def test_one_class_left(codes, folder):
    _masks(folder, _saved(lambda mask: (mask == 1).astype("uint8")))
    data = {
        f"{part}_dataset": {**tiny.config(folder, DICE, 2)[f"{part}_dataset"], "ignore_index": 0}
        for part in ("train", "val")
    }
    item = codes(classes=2, **data)["one_class"]
    assert "Only class 1 is left" in str(item.text)
    assert yaml.safe_load(str(item.yaml))["train_dataset"] == {"ignore_index": 255}
    assert not codes(classes=2)


def test_labels_from_1(codes, folder):
    _masks(folder, _saved(lambda mask: np.where(mask == 255, 255, mask + 1).astype("uint8")))
    item = codes()["labels_out_of_range"]
    assert "np.where(mask == 255, mask, mask - 1)" in str(item.yaml)
    _masks(folder, _saved(lambda mask: np.where(mask == 255, mask, mask - 1)))
    assert not codes()


@pytest.mark.parametrize("value", [-9999, 20_000, 2_000_000_000])
def test_one_pixel_of_an_absurd_label(value, codes, folder):
    def one(mask, file):
        wide = mask.astype("int32")
        wide[5, 5] = value
        Image.fromarray(wide).save(file.with_suffix(".tif"))

    _masks(folder, one, [0])
    listing = folder / "train.txt"
    listing.write_text(listing.read_text().replace("label0.png", "label0.tif"))
    item = codes()["labels_out_of_range"]
    assert f"label0.tif has label {value}" in str(item.text)


def test_masks_stored_as_jpeg(codes, folder):
    _masks(
        folder,
        lambda mask, file: Image.fromarray(((mask == 1) * 255).astype("uint8")).save(
            file.with_suffix(".jpg"), quality=40
        ),
    )
    for part in ("train", "val"):
        listing = folder / f"{part}.txt"
        listing.write_text("".join(line[:-4] + ".jpg\n" for line in listing.read_text().splitlines()))
    item = codes(classes=2)["masks_lossy"]
    assert "(mask > 127)" in str(item.yaml)


def test_what_has_been_found_is_not_lost(codes, folder):
    _masks(folder, _saved(lambda mask: np.where(mask == 2, 7, mask).astype("uint8")))
    findings = codes([{"type": "NoSuchTransform"}])
    assert {"labels_out_of_range", "refused"} <= set(findings)


class Loses:
    def __call__(self, data):
        data["label"] = data["label"] * (data["label"] != 1)
        return data


class Blurs:
    def __call__(self, data):
        data["label"] = np.where(np.roll(data["label"], 1) != data["label"], 17, data["label"])
        return data


@pytest.mark.parametrize(("transform", "code"), [("Loses", "labels_lost"), ("Blurs", "labels_invented")])
def test_transforms_that_change_labels(transform, code, codes):
    module("cvlibs").manager.TRANSFORMS.components_dict.update(Loses=Loses, Blurs=Blurs)
    assert code in codes([{"type": transform}])


def test_a_list_that_paddleseg_cannot_read(codes, folder):
    listing = folder / "train.txt"
    good = listing.read_bytes()
    listing.write_bytes(b"\xef\xbb\xbf" + good.replace(b"\n", b"\r\n\r\n"))
    item = codes()["list"]
    assert "train.txt" in str(item.text)
    listing.write_bytes(good.replace(b"\n", b"\r\n"))
    assert not codes()


def test_a_class_that_a_sample_misses(tmp_path, folder, losses_table):
    _masks(folder, _saved(lambda mask: mask * (mask != 2)), [0, 2, 3])
    path = tiny.write(tmp_path / "config.yml", tiny.config(folder, DICE))
    (item,) = (item for item in run_checks(path, masks=2).findings if item.code == "class_never_occurs")
    assert "--masks 4" in str(item.yaml)
    assert yaml.safe_load(str(item.yaml)) is None  # no weights, which would be wrong
    assert not {"class_never_occurs"} & {item.code for item in run_checks(path, masks=4).findings}


@pytest.mark.parametrize(("label", "masks"), [(2, 4), (2, 2), (300, 4)])
def test_8_bits_are_proposed_for_what_they_hold(label, masks, tmp_path, folder, losses_table):
    _masks(folder, _saved(lambda mask: np.where(mask == 2, label, mask).astype("uint16")))
    path = tiny.write(tmp_path / "config.yml", tiny.config(folder, DICE, label + 1))
    item = next(item for item in run_checks(path, masks=masks).findings if item.code == "masks_bits_16")
    assert "or `run`, which read" in str(item.yaml)
    assert ("astype('uint8')" in str(item.yaml)) == (label < 256)
    assert ("If no mask has a label above 255" in str(item.yaml)) == (masks == 2)


def test_nan_becomes_the_ignored_label(codes, folder):
    def change(mask, file):
        Image.fromarray(np.where(mask == 255, np.nan, mask).astype("float32")).save(file.with_suffix(".tif"))

    _masks(folder, change)
    for part in ("train", "val"):
        listing = folder / f"{part}.txt"
        listing.write_text("".join(line[:-4] + ".tif\n" for line in listing.read_text().splitlines()))
    config = tiny.config(folder, DICE)["train_dataset"]
    item = codes(train_dataset={**config, "ignore_index": 254})["masks_nan"]
    assert "np.where(np.isnan(mask), 254, mask).astype('uint8')" in str(item.yaml)


@pytest.mark.parametrize("axis", [0, 1])
def test_masks_of_several_labels_a_pixel(axis, codes, folder):
    _masks(folder, _saved(lambda mask: np.concatenate([mask == 1, mask == 2], axis).astype("uint8")))
    item = codes()["stacked"]
    assert yaml.safe_load(str(item.yaml)) == {"test_config": {"use_multilabel": True}}
    assert "resize" not in str(item.yaml)
    findings = codes(test_config={"use_multilabel": True})
    assert not {"stacked", "class_never_occurs"} & set(findings)
    assert not any("resize" in str(item.yaml) for item in findings.values())


def test_keys_of_the_trainer(tmp_path, folder, losses_table):
    config = tiny.config(folder, DICE, print_mem_info=False, log_ranks="0")
    config["train_dataset"]["shuffle"] = False
    assert run_checks(tiny.write(tmp_path / "config.yml", config)).well


def test_crops_of_large_images(codes, tmp_path, folder):
    for number in range(6):
        mask = np.zeros([900, 900], np.uint8)
        mask[20:140, 20:140] = 1
        mask[600:720, 600:720] = 2
        Image.fromarray(mask).save(folder / f"label{number}.png")
        Image.fromarray(np.stack([mask * 100] * 3, -1)).save(folder / f"image{number}.png")
    assert "labels_lost" not in codes([{"type": "RandomPaddingCrop", "crop_size": [64, 64]}])
