"""Drawn datasets: each dial moves what it says, and nothing else."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from paddleseg_losses.datasets.synthetic import Discs, Tree, make_synthetic_dataset
from paddleseg_losses.errors import DataError

FEW = {"train": 12, "val": 2, "test": 24}


def _masks(root, part):
    lines = (root / f"{part}.txt").read_text().splitlines()
    return np.stack([np.asarray(Image.open(root / line.split()[1])) for line in lines])


def _images(root, part):
    lines = (root / f"{part}.txt").read_text().splitlines()
    return np.stack([np.asarray(Image.open(root / line.split()[0])) for line in lines])


@pytest.mark.parametrize("share", [0.003, 0.03, 0.3])
def test_the_share_of_the_pixels(tmp_path, share):
    root = make_synthetic_dataset(tmp_path / "discs", Discs(share=share, **FEW))
    assert (_masks(root, "test") > 0).mean() == pytest.approx(share, rel=0.35)


def test_objects_are_where_the_image_is_bright(tmp_path):
    root = make_synthetic_dataset(tmp_path / "discs", Discs(share=0.1, **FEW))
    images, masks = _images(root, "test"), _masks(root, "test")
    assert images[masks > 0].mean() > images[masks == 0].mean() + 40


def test_classes_are_darker_and_brighter(tmp_path):
    root = make_synthetic_dataset(tmp_path / "discs", Discs(share=0.1, classes=2, **FEW))
    images, masks = _images(root, "test"), _masks(root, "test")
    dark, ground, bright = (images[masks == c].mean() for c in (1, 0, 2))
    assert dark + 40 < ground < bright - 40
    assert (root / "labels.txt").read_text().split("\n") == ["background", "disc 1", "disc 2", ""]


def test_empty_images(tmp_path):
    root = make_synthetic_dataset(tmp_path / "discs", Discs(empty=0.5, **FEW))
    assert 0.2 < np.mean(~_masks(root, "test").any(axis=(1, 2))) < 0.8


def test_ragged_borders_are_longer(tmp_path):
    def border(ragged):
        masks = (
            _masks(make_synthetic_dataset(tmp_path / str(ragged), Discs(share=0.1, ragged=ragged, **FEW)), "test") > 0
        )
        return sum((m & ~ndimage.binary_erosion(m)).sum() for m in masks) / masks.sum()

    assert border(0.4) > 1.2 * border(0.0)


def test_thin_branches(tmp_path):
    depth = {}
    for width in (1.0, 4.0):
        masks = _masks(make_synthetic_dataset(tmp_path / str(width), Tree(width=width, **FEW)), "test")
        depth[width] = max(ndimage.distance_transform_edt(mask).max() for mask in masks)
    assert depth[1.0] < 2.5 < depth[4.0]


def test_wrong_labels_are_of_the_training_alone(tmp_path):
    right, wrong = Discs(share=0.1, **FEW), Discs(share=0.1, label_noise=0.5, **FEW)
    first, second = (make_synthetic_dataset(tmp_path / name, scene) for name, scene in (("a", right), ("b", wrong)))
    assert (_images(first, "train") == _images(second, "train")).all()
    assert (_masks(second, "train") > 0).sum() < 0.75 * (_masks(first, "train") > 0).sum()
    assert (_masks(first, "test") == _masks(second, "test")).all()


def test_the_same_call_draws_the_same(tmp_path):
    first, second = (make_synthetic_dataset(tmp_path / name, Tree(**FEW)) for name in "ab")
    files = sorted(path.relative_to(first) for path in first.rglob("*.png"))
    assert len(files) == 2 * sum(FEW.values())
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)
    other = make_synthetic_dataset(tmp_path / "c", Tree(seed=1, **FEW))
    assert (first / files[0]).read_bytes() != (other / files[0]).read_bytes()


def test_another_dataset_is_left_alone(tmp_path):
    root = make_synthetic_dataset(tmp_path / "data", Discs(**FEW))
    assert make_synthetic_dataset(tmp_path / "data", Discs(**FEW)) == root
    with pytest.raises(DataError, match="already contains"):
        make_synthetic_dataset(tmp_path / "data", Tree(**FEW))


@pytest.mark.parametrize(
    "wrong", [{"share": 0.9}, {"share": 0.0}, {"ragged": 2}, {"classes": 0}, {"label_noise": 1.0}, {"size": 8}]
)
def test_what_cannot_be_drawn(tmp_path, wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        make_synthetic_dataset(tmp_path / "data", dataclasses.replace(Discs(), **wrong))
    assert not (tmp_path / "data").exists()
