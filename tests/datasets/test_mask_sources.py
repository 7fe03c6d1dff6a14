"""Counting masks and weighing classes, against numbers worked out by hand."""

import tracemalloc

import numpy as np
import pytest
import yaml

pytest.importorskip("PIL", reason="Pillow is not installed")

from PIL import Image

from paddleseg_losses.datasets import count, counting, open_source
from paddleseg_losses.errors import ConfigError, DataError
from tests import tiny


def write_masks(folder, *masks, listing="train.txt"):
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for i, mask in enumerate(masks):
        Image.fromarray(np.asarray(mask)).save(folder / f"{i}.png")
        lines.append(f"image{i}.png {i}.png\n")
    (folder / listing).write_text("".join(lines))
    return folder / listing


# 14 pixels of class 0, 2 of class 1, none of class 2; class 1 in the first mask alone, which has 8 labelled pixels.
FIRST = np.array([[0] * 5, [0, 1, 1, 255, 255]], np.uint8)
SECOND = np.zeros([1, 8], np.uint8)


@pytest.mark.parametrize("workers", [1, 2])
def test_counts(tmp_path, workers):
    listing = write_masks(tmp_path, *[FIRST, SECOND] * 40)
    seen = []
    counts = count(open_source(listing), workers, seen.append)
    assert counts.masks == 80
    assert counts.pixels == {0: 14 * 40, 1: 2 * 40, 255: 2 * 40}
    assert counts.area == {0: 16 * 40, 1: 8 * 40, 255: 8 * 40}
    assert counts.images == {0: 80, 1: 40, 255: 40}
    assert not counts.problems
    assert seen == [32, 64, 80]


def test_palettes_wide_labels_and_bits(tmp_path):
    palette = Image.fromarray(np.array([[0, 2], [1, 2]], np.uint8))
    palette.putpalette([255, 255, 255, 0, 0, 0, 9, 9, 9])
    palette.save(tmp_path / "p.png")
    Image.fromarray(np.array([[0, 700]], np.uint16)).save(tmp_path / "w.png")
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "b.png")
    (tmp_path / "list.txt").write_text("a p.png\n\nb w.png\nc b.png\n")
    counts = count(open_source(tmp_path / "list.txt"))
    assert counts.pixels == {0: 3, 1: 2, 2: 2, 700: 1}
    assert all(type(value) is int for value in counts.pixels)


def test_troubles_do_not_end_the_count(tmp_path):
    write_masks(tmp_path, FIRST, *[np.zeros([4, 4, 3], np.uint8)] * 5)
    Image.fromarray(np.full([2, 2], 0.5, np.float32)).save(tmp_path / "f.tif")
    Image.fromarray(np.full([2, 2], np.nan, np.float32)).save(tmp_path / "n.tif")
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with open(tmp_path / "train.txt", "a") as file:
        file.write("a nowhere.png\nb broken.png\nc f.tif\nd n.tif\n")
    counts = count(open_source(tmp_path / "train.txt"))
    assert counts.masks == 1
    assert {kind: problem.count for kind, problem in counts.problems.items()} == {
        "channels": 5, "missing": 1, "unreadable": 1, "fractions": 1, "nan": 1,
    }  # fmt: skip
    assert counts.problems["channels"].first == [f"{i}.png [4, 4, 3]" for i in (1, 2, 3)]
    assert "UnidentifiedImageError" in counts.problems["unreadable"].first[0]


def test_whole_numbers_as_floats_and_absurd_ones(tmp_path):
    Image.fromarray(np.array([[0, 1], [-9999, 255]], np.float32)).save(tmp_path / "f.tif")
    Image.fromarray(np.array([[0, 2_000_000_000]], np.int32)).save(tmp_path / "a.tif")
    (tmp_path / "list.txt").write_text("x f.tif\ny a.tif\n")
    counts = count(open_source(tmp_path / "list.txt"))
    assert counts.pixels == {0: 2, 1: 1, -9999: 1, 255: 1, 2_000_000_000: 1}
    assert (counts.first[-9999], counts.first[2_000_000_000]) == ("f.tif", "a.tif")


def test_numbers_of_objects_are_no_labels(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name in ("0", "1"):
        Image.fromarray(rng.integers(0, 2**30, [80, 80]).astype("int32")).save(tmp_path / f"{name}.tif")
    Image.fromarray(np.arange(40, dtype="int32")[None]).save(tmp_path / "2.tif")
    (tmp_path / "list.txt").write_text("".join(f"x {name}.tif\n" for name in "012"))
    counts = count(open_source(tmp_path / "list.txt"))
    assert (counts.masks, counts.problems["values"].count) == (1, 2)
    monkeypatch.setattr(counting, "MOST_LABELS", 30)
    counts = count(open_source(tmp_path / "list.txt"), workers=1)
    assert len(counts.pixels) == 30
    assert counts.problems["values"].count == 12


def test_memory_does_not_grow_with_the_masks(tmp_path):
    def peak(masks):
        (tmp_path / "many.txt").write_text("a 0.png\n" * masks)
        tracemalloc.start()
        count(open_source(tmp_path / "many.txt"), workers=1)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    write_masks(tmp_path, np.zeros([600, 700], np.uint8))
    peak(2)  # what is imported and cached once
    assert peak(100) < peak(2) + 300_000  # one mask has 420 000 bytes


def test_the_lists_folder_its_parent_or_the_root(tmp_path):
    write_masks(tmp_path / "data", FIRST)
    (tmp_path / "data" / "lists").mkdir()
    for place in ("data/train.txt", "data/lists/train.txt"):
        (tmp_path / place).write_text("image.png 0.png\n")
        assert count(open_source(tmp_path / place)).masks == 1
    (tmp_path / "elsewhere.txt").write_text("image.png,0.png\n")
    source = open_source(tmp_path / "elsewhere.txt", root=tmp_path / "data", separator=",")
    assert count(source).masks == 1


def test_a_configuration_says_the_rest(tmp_path):
    listing = write_masks(tmp_path / "data", FIRST)
    (tmp_path / "data" / "labels.txt").write_text("ground\nbox\nsky\n")
    config = tiny.config(tmp_path / "data", {"type": "DiceLoss"})
    config["train_dataset"]["ignore_index"] = 1
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(config))
    source = open_source(path)
    assert (source.classes, source.ignore_index, source.class_names) == (3, 1, ["ground", "box", "sky"])
    assert count(source).area[0] == 8  # of ten, two are ignored
    assert open_source(path, classes=5, ignore_index=0).classes == 5
    assert listing.is_file()


def test_labels_as_our_transforms_make_them(tmp_path):
    write_masks(tmp_path, np.where(FIRST == 1, 3, FIRST).astype("uint8"), SECOND)
    content = {"type": "Dataset", "dataset_root": str(tmp_path), "train_path": str(tmp_path / "train.txt")}
    path = tmp_path / "config.yml"

    def opened(kind, options, classes):
        entry = {"type": f"paddleseg_losses.{kind}", **options}
        section = {**content, "num_classes": classes, "transforms": [{"type": "Normalize"}, entry]}
        path.write_text(yaml.safe_dump({"train_dataset": section}))
        return open_source(path)

    assert count(opened("Foreground", {"classes": [3]}, 1), workers=1).pixels == {0: 14, 1: 2, 255: 2}
    source = opened("Multilabel", {"sets": [[1, 3], [3]]}, 2)
    assert (source.classes, count(source, workers=1).pixels) == (None, {0: 14, 3: 2, 255: 2})
    assert count(
        opened("BorderWeights", {"num_classes": 1, "ids": True, "ignore_index": 255}, 1), workers=1
    ).pixels == {
        0: 14,
        1: 2,
        255: 2,
    }
    with pytest.raises(ConfigError, match=r"cannot be created: .*labels"):
        opened("Foreground", {"labels": [3]}, 1)


def test_a_dataset_class_reads_its_own_labels(tmp_path, losses_table):
    manager = pytest.importorskip("paddleseg.cvlibs", reason="PaddleSeg is not installed").manager

    class ShiftedLabels:
        """As ADE20K: the file's labels minus one."""

        num_classes, ignore_index = 2, 255

        def __init__(self, transforms, mode):
            self.file_list = [["image", "mask"]] * 3

        def __getitem__(self, index):
            return {"label": np.array([[[0, 1, 2]]], np.uint8) - np.uint8(1)}

    manager.DATASETS.components_dict["ShiftedLabels"] = ShiftedLabels
    path = tmp_path / "config.yml"
    try:
        path.write_text(yaml.safe_dump({"train_dataset": {"type": "ShiftedLabels", "transforms": []}}))
        source = open_source(path)
        assert count(source, 1).pixels == {0: 3, 1: 3, 255: 3}
        assert source.classes == 2
        path.write_text(yaml.safe_dump({"train_dataset": {"type": "ShiftedLabel"}}))
        with pytest.raises(ConfigError, match="did you mean ShiftedLabels"):
            open_source(path)
        path.write_text(yaml.safe_dump({"train_dataset": {"type": "ShiftedLabels", "nonsense": 1}}))
        with pytest.raises(ConfigError, match="cannot be created"):
            open_source(path)
    finally:
        del manager.DATASETS.components_dict["ShiftedLabels"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({}, "has no train_dataset"),
        ({"train_dataset": {"type": "Dataset", "train_path": "x"}}, "no dataset_root"),
        ({"train_dataset": {"type": "Dataset", "dataset_root": ".", "train_path": "nowhere.txt"}}, "no file nowhere"),
    ],
    ids=str,
)
def test_configurations_without_masks(tmp_path, content, text):
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({"batch_size": 1, **content}))
    with pytest.raises((ConfigError, DataError), match=text):
        open_source(path)


def test_a_folder_is_no_list(tmp_path):
    write_masks(tmp_path, FIRST)
    with pytest.raises(DataError, match="is a folder") as caught:
        open_source(tmp_path)
    assert str(tmp_path / "train.txt") in str(caught.value.cure)


def test_lists_without_masks(tmp_path):
    path = tmp_path / "train.txt"
    for text, message in {
        "": "lists no masks",
        "image.png\n": r"line 1: 'image.png' has 1 column",
        "a.png b.png\nc d e\n": r"line 2: .* has 3 column",
    }.items():
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            open_source(path)
    with pytest.raises(DataError, match=r"did you mean .*train\.txt"):
        open_source(tmp_path / "train_.txt")
