"""From volumes to slices: NIfTI files that are read, checked and cut into the images of PaddleSeg's `Dataset`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, MissingDependencyError
from ..i18n import Text, _, listed, plural
from . import folder

_MIN_SHARE = 0.02  # of the largest mask: slices with less at the ends of an object are left out, if empty ones are
_DARK, _BRIGHT = 0.5, 99.5  # percentiles that become black and white
_SHOWN = 5  # damaged volumes that an error lists

Array = Any


@dataclass(frozen=True)
class Pair:
    """One volume and its labels on disk."""

    name: str
    image: Path
    mask: Path


@dataclass(frozen=True)
class Volume:
    """One volume, axes towards right, front and top.

    Attributes:
        name: of its slices.
        image: grey values `[x, y, z]`, any scale.
        labels: class indices `[x, y, z]`.
        spacing: millimetres of a voxel.
    """

    name: str
    image: Array
    labels: Array
    spacing: tuple[float, float, float]


def read_pairs(pairs: Sequence[Pair], skip_damaged: bool = False) -> tuple[list[Volume], list[Text]]:
    """Read volumes, and say of each damaged one what is wrong.

    Args:
        pairs: what to read.
        skip_damaged: leave damaged volumes out instead of raising.

    Returns:
        The volumes, and what is wrong with those that were left out.

    Raises:
        DataError: volumes are damaged, or none is left.
    """
    volumes, problems = [], []
    for pair in pairs:
        try:
            volumes.append(read_pair(pair))
        except DataError as error:
            problems.append(error.found)
    if (problems and not skip_damaged) or not volumes:
        shown = listed([*problems[:_SHOWN], *(["..."] if len(problems) > _SHOWN else [])])
        raise DataError(
            plural("{count} of {all} volumes cannot be used: {problems}",
                   "{count} of {all} volumes cannot be used: {problems}",
                   len(problems), all=len(pairs), problems=shown),
            _("an image and a mask of the same grid for every subject"),
            _("repair or remove them, or leave them out with --skip_damaged"),
        )  # fmt: skip
    return volumes, problems


def read_pair(pair: Pair) -> Volume:
    """Read one volume and its labels.

    Raises:
        DataError: a file is missing or damaged, or the two do not belong together.
    """
    image, labels = (_load(path) for path in (pair.image, pair.mask))
    for path, loaded in ((pair.image, image), (pair.mask, labels)):
        if len(loaded.shape) != 3:
            raise _damaged(path, _("it has the shape {shape}, not three axes", shape=loaded.shape))
    if image.shape != labels.shape:
        raise _damaged(pair.mask, _("its shape {mask} is not that of the image, {image}",
                                    mask=labels.shape, image=image.shape))  # fmt: skip
    if not np.allclose(image.affine, labels.affine, atol=1e-2):
        raise _damaged(pair.mask, _("its affine is not that of the image: it lies elsewhere in space"))
    grey, classes = (np.asarray(_voxels(path, each)) for path, each in ((pair.image, image), (pair.mask, labels)))
    if not classes.any():
        raise _damaged(pair.mask, _("it is 0 everywhere"))
    rounded = np.rint(classes)
    if not np.allclose(classes, rounded, atol=1e-3) or rounded.min() < 0 or rounded.max() > 254:
        raise _damaged(pair.mask, _("it holds values from {low:g} to {high:g}, not class indices from 0 to 254",
                                    low=float(classes.min()), high=float(classes.max())))  # fmt: skip
    spacing = tuple(float(mm) for mm in image.header.get_zooms()[:3])
    return Volume(pair.name, grey, rounded.astype(np.uint8), spacing)  # type: ignore[arg-type]


def write_slices(
    root: Path, parts: Mapping[str, Iterable[Volume]], names: Sequence[str], size: int, step: int, field: float
) -> None:
    """Write axial slices of whole volumes, in the layout of PaddleSeg's `Dataset`.

    Args:
        root: a new folder.
        parts: the volumes of each list, such as `train`.
        names: of the classes.
        size: height and width of a slice in pixels.
        step: take every `step`-th slice of those that hold a label.
        field: height and width of a slice in millimetres, around the middle of the labels.
    """
    folder.new_images(root)
    slices = {part: [name for volume in volumes for name in _cut(root, volume, size, step, field)]
              for part, volumes in parts.items()}  # fmt: skip
    folder.write_lists(root, slices)
    folder.write_labels(root, names)


def _cut(root: Path, volume: Volume, size: int, step: int, field: float) -> list[str]:
    from PIL import Image

    area = (volume.labels > 0).sum(axis=(0, 1))
    levels = np.flatnonzero(area >= max(_MIN_SHARE * area.max(), 1))[::step]
    low, high = np.percentile(volume.image, (_DARK, _BRIGHT))
    grey = np.rint(255 * np.clip((volume.image - low) / max(high - low, 1e-9), 0, 1)).astype(np.uint8)
    centre = [float(np.mean(np.flatnonzero((volume.labels > 0).any(axis=axes))[[0, -1]])) for axes in ((1, 2), (0, 2))]
    halves = [field / 2 / mm for mm in volume.spacing[:2]]
    names = []
    for z in levels:
        name = f"{'_'.join(volume.name.split())}_{z:03d}.png"  # a blank would end the name in a list
        # Labels are picked, never averaged: the mean of two classes would be a third one.
        for values, kind, how in ((grey, "images", Image.BILINEAR), (volume.labels, "annotations", Image.NEAREST)):
            left, top = centre[0] - halves[0], centre[1] - halves[1]
            box = (left, top, left + 2 * halves[0], top + 2 * halves[1])
            picture = Image.fromarray(np.ascontiguousarray(values[..., z].T))
            picture = picture.transform((size, size), Image.EXTENT, box, how)
            picture.transpose(Image.FLIP_TOP_BOTTOM).save(root / kind / name)  # the front is up
        names.append(name)
    return names


def _load(path: Path) -> Any:
    try:
        import nibabel
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="nibabel", error=error),
            _("nibabel, to read NIfTI files"),
            'pip install "paddleseg-losses[demo]"',
        ) from error
    if not path.is_file():
        raise _damaged(path, _("there is no such file"))
    try:
        loaded = nibabel.load(path)
        return nibabel.as_closest_canonical(_without_last_axis(nibabel, loaded))
    except Exception as error:  # nibabel raises what its readers raise
        raise _damaged(path, _("it cannot be read: {error}", error=error)) from error


def _without_last_axis(nibabel: Any, loaded: Any) -> Any:
    """A fourth axis of length 1 is no axis."""
    if len(loaded.shape) == 4 and loaded.shape[3] == 1:
        return nibabel.Nifti1Image(np.asarray(loaded.dataobj)[..., 0], loaded.affine, loaded.header)
    return loaded


def _voxels(path: Path, loaded: Any) -> Array:
    try:
        return np.nan_to_num(np.asarray(loaded.dataobj, np.float32))
    except Exception as error:  # a file that ends too early shows only here
        raise _damaged(path, _("it cannot be read: {error}", error=error)) from error


def _damaged(path: Path, problem: Text) -> DataError:
    return DataError(
        _("{place}: {found}", place=path, found=problem),
        _("a volume in NIfTI, with labels of the same grid"),
        _("repair or remove it"),
    )
