"""Images find their masks, whatever their names and folders are."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from paddleseg_losses.errors import DataError
from paddleseg_losses.start import Options, make_plan
from tests.start import scenes

LAYOUTS = {
    "two folders": ("images/a{}.jpg", "masks/a{}.png"),
    "the names of PASCAL VOC": ("JPEGImages/2007_{}.jpg", "SegmentationClass/2007_{}.png"),
    "imgs and labels": ("imgs/{}.bmp", "labels/{}.tif"),
    "annotations with a word behind": ("img/ISIC_{}.jpg", "GroundTruth/ISIC_{}_segmentation.png"),
    "words behind both": ("x/scan{}_image.png", "x/scan{}_mask.png"),
    "words before both": ("image_{}.png", "mask_{}.png"),
    "no blank between word and number": ("img{}.png", "label{}.png"),
    "hyphens": ("cell-{}.png", "cell-{}-seg.png"),
    "two endings": ("images/well{}.ome.tif", "masks/well{}.png"),
    "the ending of the image kept": ("images/b{}.jpg", "masks/b{}.jpg.png"),
    "other endings alone": ("c{}.jpg", "c{}.png"),
    "a word that is not known": ("CamVid_{}.png", "CamVid_{}_L.png"),
    "Chinese": ("图像/病例{}.jpg", "标注/病例{}.png"),
    "blanks and brackets": ("My Images/photo ({}).jpg", "My Masks/photo ({}).png"),
    "numbers alone": ("images/retina_{}0.jpg", "masks/vessel_{}0.png"),
    "a folder for each": ("case{}/image.png", "case{}/mask.png"),
    "capitals": ("Images/A{}.JPG", "Masks/a{}.PNG"),
    "arrays": ("images/a{}.jpg", "masks/a{}.npy"),
    "folders without a meaning": ("A/d{}.png", "B/d{}.png"),
    "such folders, all of JPEG": ("A/e{}.jpg", "B/e{}.jpg"),
}


def plan(root, **options):
    return make_plan(root, root.parent / "out", Options(**options))


def reasons(result):
    return {each.name: str(each.reason) for each in result.left_out}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pairs_are_found(layout, tmp_path):
    names = LAYOUTS[layout]
    result = plan(scenes.write(tmp_path / "data", names))
    pairs = {(each.name, each.mask_name) for each in result.samples}
    assert pairs == {tuple(name.format(number) for name in names) for number in range(6)}
    assert result.left_out == []
    assert result.reading.classes == [(0,), (255,)]


def test_parts_of_the_folder_are_kept(tmp_path):
    root = tmp_path / "data"
    for part in ("train", "val", "test"):
        scenes.write(root, (f"{part}/images/{part}{{}}.jpg", f"{part}/masks/{part}{{}}.png"))
    parts = plan(root).split.parts
    assert {part: {each.name.split("/")[0] for each in samples} for part, samples in parts.items()} == {
        "train": {"train"}, "val": {"val"}, "test": {"test"},
    }  # fmt: skip


def test_the_layout_of_cityscapes(tmp_path):
    name = "{kind}/{part}/aachen/aachen_00000{{}}_000019_{end}.png"
    for part in ("train", "val"):
        for end in ("gtFine_labelIds", "gtFine_color", "gtFine_instanceIds"):
            mask = name.format(kind="gtFine", part=part, end=end)
            scenes.write(tmp_path, (name.format(kind="leftImg8bit", part=part, end="leftImg8bit"), mask))
    result = plan(tmp_path)
    assert {each.mask_name.rpartition("_")[2] for each in result.samples} == {"labelIds.png"}
    assert {part: len(samples) for part, samples in result.split.parts.items()} == {"train": 6, "val": 6}
    assert len(result.left_out) == 24


def test_the_layout_of_drive(tmp_path):
    """A mask of the field of view has the same name as that of the vessels."""
    names = ("training/images/2{}_training.tif", "training/1st_manual/2{}_manual1.gif")
    root = scenes.write(tmp_path / "DRIVE", names)
    scenes.write(root, (names[0], "training/mask/2{}_training_mask.gif"))
    result = plan(root)
    assert {each.mask_name.split("/")[1] for each in result.samples} == {"1st_manual"}
    assert set(reasons(result).values()) == {
        f"another mask of training/images/2{n}_training.tif is used" for n in range(6)
    }


def test_a_mask_for_each_object(tmp_path):
    """A folder for each image, as in the nuclei of the Data Science Bowl."""
    root = tmp_path / "stage1_train"
    for number in range(4):
        folder = root / f"0b{number}fd5"
        scenes.save_image(folder / "images" / f"{folder.name}.png", scenes.disc(number))
        for other in range(number + 1):
            scenes.save_mask(folder / "masks" / f"{7 * number}a{other}c.png", scenes.foreground(other))
    result = plan(root)
    assert (len(result.samples), result.left_out, result.reading.converts) == (4, [], True)
    (sample,) = [each for each in result.samples if "0b3fd5" in each.name]
    truth = np.logical_or.reduce([scenes.disc(other) for other in range(4)])
    np.testing.assert_array_equal(result.reading.labels(sample.read()), truth)


def test_lists_of_stems_tell_the_parts(tmp_path):
    for name in ("{}", "photo ({})", "裂缝 {}"):
        root = scenes.write(tmp_path / name, (f"JPEGImages/{name}.jpg", f"SegmentationClass/{name}.png"))
        lists = root / "ImageSets" / "Segmentation"
        lists.mkdir(parents=True)
        for part, numbers in {"train": (0, 1, 2, 4), "val": (3, 5)}.items():
            (lists / f"{part}.txt").write_text("".join(f"{name.format(n)}\n" for n in numbers), encoding="utf-8")
        assert [each.image.stem for each in plan(root).split.parts["val"]] == [name.format(3), name.format(5)]


@pytest.mark.parametrize("separator", [" ", "\t", ","])
def test_a_list_says_all(tmp_path, separator):
    root = scenes.write(tmp_path / "data", ("x/{}.jpg", "y/other{}.png"))
    lines = [f"x/{n}.jpg{separator}y/other{n}.png" for n in range(5)]
    (root / "train.txt").write_text("\n".join([*lines, f"x/9.jpg{separator}y/9.png"]) + "\n")
    (root / "val.txt").write_text(f"x/5.jpg{separator}y/other5.png\n")
    for result in (plan(root), make_plan(root / "train.txt", tmp_path / "out", Options())):
        assert {each.name: each.mask_name for each in result.samples}["x/3.jpg"] == "y/other3.png"
        assert reasons(result) == {"x/9.jpg": "the file of the list is not there"}
    assert [each.name for each in plan(root).split.parts["val"]] == ["x/5.jpg"]


def test_coco(tmp_path):
    pytest.importorskip("pycocotools")
    root = tmp_path / "coco"
    images, annotations = [], []
    for number in range(5):
        scenes.save_image(root / "train2017" / f"{number}.jpg", scenes.disc(number))
        images.append({"id": number, "file_name": f"{number}.jpg", "height": 48, "width": 64})
        for label, left in ((3, 5), (7, 30)):
            box = [left, 10, left + 20, 10, left + 20, 30, left, 30]
            annotations.append({"id": len(annotations), "image_id": number, "category_id": label, "area": 400,
                                "segmentation": [box], "iscrowd": 0, "bbox": [left, 10, 20, 20]})  # fmt: skip
    images.append({"id": 9, "file_name": "gone.jpg", "height": 48, "width": 64})
    names = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}, {"id": 4, "name": "never"}]
    content = {"images": images, "annotations": annotations, "categories": names}
    file = root / "annotations" / "instances.json"
    file.parent.mkdir()
    file.write_text(json.dumps(content))
    result = plan(root)
    assert result.reading.names == ["background", "cat", "dog"]
    assert reasons(result) == {"gone.jpg": "the image of annotations/instances.json is not there"}
    mask = result.reading.labels(result.samples[0].read())
    assert [int(mask[20, column]) for column in (2, 10, 40, 60)] == [0, 1, 2, 0]


def test_labelme(tmp_path):
    root = tmp_path / "labelme"
    for number in range(4):
        scenes.save_image(root / f"{number}.jpg", scenes.disc(number))
        shapes = [
            {"label": "leaf", "points": [[5, 5], [30, 5], [30, 30], [5, 30]], "shape_type": "polygon"},
            {"label": "hole", "points": [[20, 20], [10, 10]], "shape_type": "rectangle"},
            {"label": "__ignore__", "points": [[50, 20], [55, 20]], "shape_type": "circle"},
            {"label": "leaf", "points": [[1, 1]], "shape_type": "point"},
        ]
        content = {"shapes": shapes, "imagePath": f"..\\{number}.jpg", "imageWidth": 64, "imageHeight": 48}
        (root / f"{number}.json").write_text(json.dumps(content))
    result = plan(root)
    assert result.reading.names == ["background", "hole", "leaf"]
    mask = result.reading.labels(result.samples[0].read())
    assert [int(mask[point]) for point in ((15, 15), (7, 7), (20, 50), (45, 5))] == [1, 2, 255, 0]
    assert "shapes without an area are not drawn: point" in map(str, result.notes)


def _labelme(image, shapes, encoding="utf-8"):
    content = {"shapes": shapes, "imagePath": image.name, "imageWidth": 64, "imageHeight": 48}
    image.with_suffix(".json").write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))


def test_labelme_of_other_machines_and_of_models(tmp_path):
    """A Chinese Windows writes GBK; a mask that a model has drawn is a picture, a turned rectangle four points."""
    root, stencil = tmp_path / "labelme", io.BytesIO()
    Image.fromarray(np.array([[0, 1, 1], [1, 1, 0]], "uint8")).save(stencil, format="PNG")
    text = base64.b64encode(stencil.getvalue()).decode()
    mask = {"label": "病灶", "points": [[10.2, 5.0], [12.0, 6.0]], "shape_type": "mask", "mask": text}
    outside = {**mask, "points": [[-1.0, -1.0], [1.0, 0.0]]}
    corners = [[30, 10], [40, 20], [30, 30], [20, 20]]
    turned = {"label": "血管", "points": corners, "shape_type": "oriented_rectangle"}
    for encoding in ("utf-8", "utf-8-sig", "gbk"):
        image = scenes.save_image(root / f"裂缝 {encoding}.jpg", scenes.disc())
        _labelme(image, [mask, outside, turned], encoding)
    result = plan(root)
    assert result.reading.names == ["background", "病灶", "血管"]
    assert len(result.samples) == 3
    assert not any("not drawn" in str(note) for note in result.notes)
    labels = result.reading.labels(result.samples[0].read())
    np.testing.assert_array_equal(labels[5:7, 10:13], [[0, 1, 1], [1, 1, 0]])
    assert labels[:2, :2].tolist() == [[1, 0], [0, 0]]
    assert [int(labels[point]) for point in ((20, 30), (11, 22))] == [2, 0]


def test_blanks_around_labels_of_labelme_mean_nothing(tmp_path):
    root = tmp_path / "labelme"
    for number, label in enumerate(("road", "road ", " road", "road\u3000")):
        shapes = [
            {"label": label, "points": [[5, 5], [30, 30]], "shape_type": "rectangle"},
            {"label": "__ignore__ ", "points": [[40, 5], [60, 30]], "shape_type": "rectangle"},
        ]
        _labelme(scenes.save_image(root / f"{number}.jpg", scenes.disc(number)), shapes)
    result = plan(root)
    assert result.reading.names == ["background", "road"]
    for sample in result.samples:
        labels = result.reading.labels(sample.read())
        assert [int(labels[point]) for point in ((20, 20), (20, 50), (40, 40))] == [1, 255, 0]


def test_what_has_no_annotation_is_named(tmp_path):
    root = tmp_path / "labelme"
    box = {"label": "leaf", "points": [[5, 5], [30, 30]], "shape_type": "rectangle"}
    for number in range(4):
        _labelme(scenes.save_image(root / f"{number}.jpg", scenes.disc(number)), [box])
    (root / "2.json").write_bytes((root / "2.json").read_bytes()[:40])
    (root / "3.json").unlink()
    found = reasons(plan(root))
    assert "cannot be read as JSON" in found.pop("2.json")
    assert found == dict.fromkeys(("2.jpg", "3.jpg"), "no annotation belongs to it")


def test_the_user_says_which_folder_is_which(tmp_path):
    root = scenes.write(tmp_path / "data", ("first/{}.png", "second/{}.png"))
    scenes.write(root, ("third/{}.png", "fourth/{}.png"))
    result = plan(root, image_dir="third", mask_dir="fourth")
    assert {(each.name, each.mask_name) for each in result.samples} == {(f"third/{n}.png", f"fourth/{n}.png")
                                                                      for n in range(6)}  # fmt: skip


def test_what_has_no_partner_is_named(tmp_path):
    root = scenes.write(tmp_path / "data", ("images/a{}.jpg", "masks/a{}.png"))
    scenes.save_image(root / "images" / "alone.jpg", scenes.disc())
    scenes.save_image(root / "images" / "a1.png", scenes.disc())
    scenes.save_mask(root / "masks" / "lost.png", scenes.foreground(0))
    scenes.save_mask(root / "masks" / "a2_gt.bmp", scenes.foreground(0))
    scenes.save_mask(root / "masks" / "a3_mask.tif", scenes.foreground(0))
    result = plan(root)
    assert reasons(result) == {
        "images/alone.jpg": "no mask belongs to it",
        "images/a1.png": "another image has the same name: images/a1.jpg",
        "masks/lost.png": "no image belongs to it",
        "masks/a2.png": "another mask of images/a2.jpg is used",
        "images/a3.jpg": "2 masks could belong to it: masks/a3.png, masks/a3_mask.tif",
    }
    assert len(result.samples) == 5


def test_folders_that_cannot_be_used(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        plan(tmp_path / "empty")
    with pytest.raises(DataError, match="There is no folder"):
        plan(tmp_path / "nowhere")
    for number in range(4):
        scenes.save_image(tmp_path / "images" / "images" / f"{number}.png", scenes.disc(number))
        scenes.save_mask(tmp_path / "masks" / "masks" / f"{number}.png", scenes.foreground(number))
    with pytest.raises(DataError, match=r"images/0\.png: no mask belongs to it"):
        plan(tmp_path / "images")
    with pytest.raises(DataError, match=r"masks/0\.png: no image belongs to it"):
        plan(tmp_path / "masks")
    volumes = tmp_path / "volumes"
    volumes.mkdir()
    (volumes / "head.nii.gz").write_bytes(b"x")
    with pytest.raises(DataError, match="data nifti"):
        plan(volumes)


def test_links_and_hidden_files(tmp_path):
    root = scenes.write(tmp_path / "data", ("images/a{}.jpg", "masks/a{}.png"))
    (root / "masks" / "images").symlink_to(root / "images")
    (root / "round").symlink_to(root)
    (root / "images" / "._a0.jpg").write_bytes(b"junk")
    (root / "images" / "dangling.jpg").symlink_to(root / "nothing.jpg")
    (root / "images" / "none.jpg").write_bytes(b"")
    result = plan(root)
    assert len(result.samples) == 6
    assert reasons(result) == {
        "images/dangling.jpg": "a link to a file that is not there",
        "images/none.jpg": "the file is empty",
    }


def test_odd_files_are_named(tmp_path):
    """A file of another size, a broken one, a cut one, an animation: each is named, the rest is used."""
    root = scenes.write(tmp_path / "data", ("images/a{}.jpg", "masks/a{}.png"))
    for number in range(6, 12):
        scenes.save_image(root / "images" / f"a{number}.jpg", scenes.disc(number))
    scenes.save_mask(root / "masks" / "a6.png", scenes.foreground(6)[:20])
    (root / "masks" / "a7.png").write_bytes(b"no picture")
    whole = scenes.save_mask(root / "masks" / "a8.png", np.random.default_rng(0).integers(0, 2, (48, 64), "uint8"))
    whole.write_bytes(whole.read_bytes()[:-40])
    frames = [Image.fromarray(scenes.foreground(n)) for n in range(3)]
    frames[0].save(root / "masks" / "a9.gif", save_all=True, append_images=frames[1:])
    scenes.save_mask(root / "masks" / "a10.png", scenes.foreground(0).T)
    scenes.save_mask(root / "masks" / "a11.npy", np.zeros((48, 64, 7), "uint8"))
    scenes.save_mask(root / "images" / "a12.tif", scenes.disc(0).astype("float32") / 2)
    scenes.save_mask(root / "masks" / "a12.png", scenes.foreground(0))
    why = reasons(plan(root))
    assert [why[f"images/a{number}.jpg"].split(":")[0] for number in (6, 7, 8, 9, 10)] == [
        "image and mask have different sizes",
        "the mask cannot be read",
        "the mask cannot be read",
        "the mask masks/a9.gif cannot be used",
        "width and height of the mask are swapped",
    ]
    assert why["images/a12.tif"] == "the image cannot be read: OpenCV reads no pixels of mode F"
    assert why["images/a9.jpg"] == "the mask masks/a9.gif cannot be used: it holds 3 pictures"
