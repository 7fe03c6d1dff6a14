"""Annotations that do not fit their images, or are not valid, are named before anything is decided."""

import json

import pytest
from PIL import Image

from paddleseg_losses.errors import DataError
from paddleseg_losses.start import Options, make_plan, write_plan
from tests.start import scenes

WIDTH, HEIGHT = 64, 48


def _coco(root, count, **changed):
    """Annotations of images with a square each; what is changed is of the last."""
    images, annotations = [], []
    for number in range(count):
        scenes.save_image(root / f"{number}.jpg", scenes.disc(number))
        images.append({"id": number, "file_name": f"{number}.jpg", "height": HEIGHT, "width": WIDTH})
        square = [[5, 10, 25, 10, 25, 30, 5, 30]]
        annotations.append({"id": number, "image_id": number, "category_id": 1, "area": 400, "segmentation": square})
    images[-1].update({key: value for key, value in changed.items() if key in images[-1]})
    annotations[-1].update({key: value for key, value in changed.items() if key in annotations[-1]})
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    (root / "instances.json").write_text(json.dumps(content))


def _labelme(root, count, width):
    """Annotations of images with a square each; the last says that its image is `width` pixels wide."""
    for number in range(count):
        scenes.save_image(root / f"{number}.jpg", scenes.disc(number))
        shapes = [{"label": "leaf", "points": [[5, 5], [30, 5], [30, 30], [5, 30]]}]
        size = {"imageWidth": width if number == count - 1 else WIDTH, "imageHeight": HEIGHT}
        content = {"shapes": shapes, "imagePath": f"{number}.jpg", **size}
        (root / f"{number}.json").write_text(json.dumps(content))


def _too_wide(kind, root, count):
    """Such images, of which the last has annotations for a wider one."""
    if kind == "coco":
        pytest.importorskip("pycocotools")
        _coco(root, count, width=100)
    else:
        _labelme(root, count, 100)
    return root


def _plan(root):
    return make_plan(root, root.parent / "out", Options())


@pytest.mark.parametrize("kind", ["coco", "labelme"])
def test_an_image_of_another_size_is_in_no_list(kind, tmp_path):
    plan = _plan(_too_wide(kind, tmp_path / "data", 6))
    (left_out,) = plan.left_out
    assert left_out.name == "5.jpg"
    assert "it has 64 x 48 pixels, its annotations say 100 x 48" in str(left_out.reason)
    assert plan.seen.masks == len(plan.samples) == 5
    assert sum(write_plan(plan).lists.values()) == 5


def test_images_that_are_saved_anew_have_the_stored_size(tmp_path):
    """One that its EXIF tag turns is annotated as it is shown, and a GIF for another size: neither can be used."""
    pytest.importorskip("pycocotools")
    root = tmp_path / "data"
    _coco(root, 6, width=HEIGHT, height=WIDTH)
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(root / "5.jpg") as picture:
        picture.save(root / "5.jpg", exif=exif)
    assert [each.name for each in _plan(root).left_out] == ["5.jpg"]
    _coco(root, 6, width=100, file_name="5.gif")
    scenes.save_image(root / "5.gif", scenes.disc(5))
    (root / "5.jpg").unlink()
    assert [each.name for each in _plan(root).left_out] == ["5.gif"]


@pytest.mark.parametrize("size", [None, 0, "wide"])
def test_a_size_that_is_not_told(size, tmp_path):
    pytest.importorskip("pycocotools")
    _coco(tmp_path / "data", 4, width=size)
    (left_out,) = _plan(tmp_path / "data").left_out
    assert "the width or the height of its image is missing" in str(left_out.reason)
    _labelme(tmp_path / "shapes", 4, size)
    plan = _plan(tmp_path / "shapes")
    assert not plan.left_out
    assert plan.samples[-1].read().values.shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize("size", [64.0, "64"])
def test_a_size_in_other_words(size, tmp_path):
    pytest.importorskip("pycocotools")
    _coco(tmp_path / "data", 4, width=size)
    _labelme(tmp_path / "shapes", 4, size)
    assert not _plan(tmp_path / "data").left_out
    assert not _plan(tmp_path / "shapes").left_out


@pytest.mark.parametrize("kind", ["coco", "labelme"])
def test_where_none_is_left_nothing_is_written(kind, tmp_path):
    root = _too_wide(kind, tmp_path / "data", 1)
    with pytest.raises(DataError, match=r"No image of .* can be used: 0.jpg: its annotations are for an image of"):
        _plan(root)


def test_a_list_without_a_line_is_not_written(tmp_path):
    """Of many masks some are read beforehand; the only one of a list may turn out to be broken."""
    pytest.importorskip("pycocotools")
    _coco(tmp_path / "data", 2, segmentation=[[1, 2, 3]])
    plan = make_plan(tmp_path / "data", tmp_path / "out", Options(masks=1))
    with pytest.raises(DataError, match=r"No image of (train|val).txt can be used: 1.jpg: .*its outline is not valid"):
        write_plan(plan)
    assert not (tmp_path / "out").exists()


BROKEN = {
    "three numbers": ({"segmentation": [[1, 2, 3]]}, "annotation 3: its outline is not valid"),
    "no such category": ({"category_id": 99}, "annotation 3: its category 99 is not among the categories"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_annotation_that_is_not_valid_is_named(case, tmp_path):
    pytest.importorskip("pycocotools")
    changed, said = BROKEN[case]
    _coco(tmp_path / "data", 4, **changed)
    (left_out,) = _plan(tmp_path / "data").left_out
    assert left_out.name == "3.jpg"
    assert said in str(left_out.reason)


def test_a_file_that_is_no_json_is_to_be_repaired(tmp_path):
    _coco(tmp_path / "data", 4)
    file = tmp_path / "data" / "instances.json"
    file.write_text(file.read_text()[:-40])
    with pytest.raises(DataError, match=r"instances.json: it cannot be read as JSON") as caught:
        _plan(tmp_path / "data")
    assert "repair instances.json" in str(caught.value.cure)
