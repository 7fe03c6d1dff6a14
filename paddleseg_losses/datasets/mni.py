"""A small segmentation dataset that needs only nilearn: slices of the ICBM 2009a brain template.

nilearn's wheel carries the skull-stripped T1 image and the grey and white matter probabilities: no network is needed.
It is a single average brain: enough to see a loss at work within minutes, not to compare methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MissingDependencyError
from ..i18n import _
from . import folder

CLASS_NAMES = ("background", "CSF", "grey matter", "white matter")
VERSION = 1  # of the dataset: raise it when the same call would write other files
_MARKER = "mni_dataset.json"

_BLOCKS = 3  # validation blocks, spread evenly over the brain
_BLOCK = 8  # neighbouring slices in a block
_GAP = 4  # slices left out on either side of it: slices lie 1 mm apart, so neighbours are nearly the same picture
_MIN_BRAIN = 0.1  # brain area of a slice over that of the fullest slice; below, it is mostly background
_MARGIN = 4  # mm kept around the brain


@dataclass(frozen=True)
class Summary:
    """Where a dataset is and what it holds."""

    root: Path
    size: int
    train: int
    val: int
    class_names: tuple[str, ...] = CLASS_NAMES


def make_mni_dataset(out: str | Path, size: int = 128) -> Summary:
    """Write axial T1 slices with four tissue classes, in the layout of PaddleSeg's ``Dataset``.

    A voxel is background where the T1 image is 0, that is outside the brain. Inside, what is neither grey nor white
    matter is cerebrospinal fluid, ``p(CSF) = 1 - p(grey) - p(white)``, and the label is the most probable of the three.

    Validation takes three whole blocks of neighbouring slices; the slices around each block are in neither list, so no
    validation slice has its neighbour in training.

    Args:
        out: Folder to make: ``images/``, ``annotations/``, ``train.txt``, ``val.txt``, ``labels.txt``. It appears
            complete or not at all. A dataset made earlier is used again; any other content is left untouched.
        size: Height and width of the slices in pixels.

    Returns:
        Where the dataset is and how many slices it has.

    Raises:
        DataError: ``out`` holds anything else than this dataset at this size.
        MissingDependencyError: nilearn or Pillow is missing.
    """
    facts = {"dataset": "icbm2009a", "version": VERSION, "size": size}
    root = folder.write_once(out, facts, _MARKER, lambda draft: _write(draft, size))
    return Summary(root, size, folder.length(root, "train"), folder.length(root, "val"))


def split_slices(count: int) -> tuple[list[int], list[int]]:
    """Split ``range(count)`` into training and validation, by blocks with gaps around them."""
    starts = [round(count * (i + 0.5) / _BLOCKS) - _BLOCK // 2 for i in range(_BLOCKS)]
    val = [start + i for start in starts for i in range(_BLOCK)]
    near = {start + i for start in starts for i in range(-_GAP, _BLOCK + _GAP)}
    return [i for i in range(count) if i not in near], val


def _write(out: Path, size: int) -> None:
    """Write the whole dataset into the new folder ``out``."""
    image = folder.new_images(out)
    t1, labels = _load_volumes()
    window = _square_around(t1 > 0)
    area = (t1 > 0).sum(axis=(0, 1))
    levels = [int(z) for z in (area >= _MIN_BRAIN * area.max()).nonzero()[0]]

    names = [f"axial_{z:03d}.png" for z in levels]
    for z, name in zip(levels, names):
        # Rows run from front to back, columns from left to right. Labels are picked, never averaged: the mean of
        # CSF (1) and white matter (3) would be grey matter (2).
        for volume, kind, how in ((t1, "images", image.BILINEAR), (labels, "annotations", image.NEAREST)):
            picture = image.fromarray(volume[..., z][window].T[::-1].copy())
            picture.resize((size, size), how).save(out / kind / name)

    train, val = split_slices(len(names))
    folder.write_lists(out, {"train": [names[i] for i in train], "val": [names[i] for i in val]})
    folder.write_labels(out, CLASS_NAMES)


def _load_volumes() -> tuple[Any, Any]:
    """The T1 image and the labels, both uint8 ``[x, y, z]`` at 1 mm, axes towards right, front and top."""
    try:
        from nilearn import datasets
    except ImportError as error:
        raise MissingDependencyError(
            _("The demo dataset cannot be created ({error}).", error=error),
            _("nilearn and Pillow"),
            'pip install "paddleseg-losses[demo]"',
        ) from error
    t1, grey, white = (
        load(resolution=1).get_fdata(dtype=np.float32)
        for load in (datasets.load_mni152_template, datasets.load_mni152_gm_template, datasets.load_mni152_wm_template)
    )
    tissue = 1 + np.argmax([1 - grey - white, grey, white], axis=0)
    return np.rint(255 * t1).astype(np.uint8), np.where(t1 > 0, tissue, 0).astype(np.uint8)


def _square_around(brain: Any) -> tuple[slice, slice]:
    """The square of the ``[x, y]`` plane that is centred on the brain and holds all of it at every level."""
    spans = [brain.any(axis=axes).nonzero()[0][[0, -1]] for axes in ((1, 2), (0, 2))]
    half = max(int(last - first) for first, last in spans) // 2 + _MARGIN
    x, y = (slice(centre - half, centre + half) for centre in (int(first + last) // 2 for first, last in spans))
    return x, y
