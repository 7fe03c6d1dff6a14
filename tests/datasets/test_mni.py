"""The demo dataset: four tissues, no neighbour of a training slice under validation, never over other files."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import paddleseg_losses as pl
from paddleseg_losses.datasets import mni
from paddleseg_losses.errors import DataError, MissingDependencyError

CONFIG = Path(__file__).parents[2] / "configs/quick_start/mni_combo.yml"
SIZE = 48


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return mni.make_mni_dataset(tmp_path_factory.mktemp("work") / "data" / "mni", size=SIZE)


def _pairs(made, part):
    return [line.split(" ") for line in (made.root / f"{part}.txt").read_text().splitlines()]


def _stack(made, part, column):
    return np.stack([np.asarray(Image.open(made.root / pair[column])) for pair in _pairs(made, part)])


def _snapshot(folder):
    return {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("part", ["train", "val"])
def test_every_slice_is_an_8_bit_picture_with_every_tissue_among_them(made, part):
    images, labels = _stack(made, part, 0), _stack(made, part, 1)
    assert images.shape == labels.shape == (getattr(made, part), SIZE, SIZE)
    assert images.dtype == labels.dtype == np.uint8
    assert images.max() > 200
    assert np.unique(labels).tolist() == [0, 1, 2, 3]


def test_labels_lie_on_their_tissue(made):
    """T1 images show fluid dark, grey matter grey and white matter bright; flipped or shifted labels would not fit."""
    images, labels = _stack(made, "train", 0), _stack(made, "train", 1)
    background, fluid, grey, white = (images[labels == c].mean() for c in range(4))
    assert background + 40 < fluid
    assert fluid + 40 < grey
    assert grey + 30 < white


def test_slices_are_seen_from_above_with_the_front_on_top(made):
    """The cerebellum, in the lowest slices, lies at the back."""
    lowest = _stack(made, "train", 1)[0] > 0
    assert lowest.any(axis=1).nonzero()[0].mean() > SIZE / 2


def test_names_of_the_classes(made):
    assert tuple((made.root / "labels.txt").read_text().splitlines()) == made.class_names == mni.CLASS_NAMES


def test_no_validation_slice_has_a_neighbour_in_training(made):
    train, val = ([int(Path(image).stem.split("_")[1]) for image, _ in _pairs(made, part)] for part in ("train", "val"))
    assert min(abs(t - v) for t in train for v in val) == 5  # four slices are left out in between
    blocks = np.split(np.array(val), np.nonzero(np.diff(val) > 1)[0] + 1)
    assert [len(block) for block in blocks] == [8, 8, 8]
    assert min(train) < min(val)
    assert max(val) < max(train)


def test_a_finished_dataset_is_used_again(made):
    before = _snapshot(made.root)
    assert mni.make_mni_dataset(made.root, size=SIZE) == made
    assert _snapshot(made.root) == before


def test_the_same_call_writes_the_same_files(made, tmp_path):
    (tmp_path / "empty").mkdir()
    again = mni.make_mni_dataset(tmp_path / "empty", size=SIZE)
    contents = [
        {path.relative_to(one.root): data for path, (_, data) in _snapshot(one.root).items()} for one in (made, again)
    ]
    assert contents[0] == contents[1]


def test_another_size_is_not_written_over_the_first(made):
    before = _snapshot(made.root)
    with pytest.raises(DataError, match=f'"size": {SIZE}') as caught:
        mni.make_mni_dataset(made.root, size=2 * SIZE)
    assert "another folder" in str(caught.value.cure)
    assert _snapshot(made.root) == before


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_others_wrote_is_refused_and_untouched(tmp_path, kind):
    out = tmp_path / "mine"
    if kind == "folder":
        out.mkdir()
    (out / "thesis.txt" if kind == "folder" else out).write_text("years of work")
    before = _snapshot(tmp_path)
    with pytest.raises(DataError, match="mine already contains other files"):
        mni.make_mni_dataset(out)
    assert _snapshot(tmp_path) == before


def test_a_crash_leaves_nothing(tmp_path, monkeypatch):
    def crash(count):
        assert list(tmp_path.rglob("*.png")), "the pictures are written by now"
        raise KeyboardInterrupt

    monkeypatch.setattr(mni, "split_slices", crash)
    with pytest.raises(KeyboardInterrupt):
        mni.make_mni_dataset(tmp_path / "mni", size=SIZE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["nilearn", "PIL"])
def test_a_missing_package_is_named_with_its_cure(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=package) as caught:
        mni.make_mni_dataset(tmp_path / "mni")
    assert "paddleseg-losses[demo]" in str(caught.value.cure)
    assert not list(tmp_path.iterdir())


def test_paddleseg_builds_the_quick_start_from_it(made, monkeypatch):
    """The data, the transforms, the model and the loss of the configuration fit together."""
    import paddle
    from paddleseg.cvlibs import Config, SegBuilder

    pl.register()
    monkeypatch.chdir(made.root.parents[1])
    builder = SegBuilder(Config(str(CONFIG)))
    train, val = builder.train_dataset, builder.val_dataset
    assert (len(train), len(val)) == (made.train, made.val)
    assert val[0]["img"].shape == (3, SIZE, SIZE)
    sample = train[0]
    assert sample["img"].shape == (3, 128, 128)  # RandomPaddingCrop
    builder.model.eval()
    logits = builder.model(paddle.to_tensor(sample["img"][None]))
    assert len(logits) == len(builder.loss["coef"]) == len(builder.loss["types"])
    assert isinstance(builder.loss["types"][0], pl.ComboLoss)
    value = builder.loss["types"][0](logits[0], paddle.to_tensor(sample["label"][None].astype("int64")))
    assert 0 < float(value) < 2
