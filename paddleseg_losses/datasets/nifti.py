"""A folder of NIfTI images and masks as people have it on disk, split by subject and cut into slices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..i18n import Text, _, listed
from . import folder
from .volumes import Pair, Volume, read_pairs, write_slices

VERSION = 1
_MARKER = "nifti_dataset.json"
_ENDINGS = (".nii.gz", ".nii")
# How names of masks end where nobody says it: the ending, and what the image of the same subject has in its place.
_USUAL = (
    ("_brainmask.nii.gz", ".nii.gz"),
    ("_mask.nii.gz", ".nii.gz"),
    ("_seg.nii.gz", "_t1.nii.gz"),
    ("_seg.nii.gz", ".nii.gz"),
    ("_label.nii.gz", ".nii.gz"),
    (".nii.gz", "_0000.nii.gz"),
)
NFBS = ("_T1w_brainmask.nii.gz", "_T1w.nii.gz")


@dataclass(frozen=True)
class Slices:
    """How volumes become images.

    Attributes:
        size: height and width in pixels.
        step: every how many slices one is taken.
        field: height and width in millimetres.
        val: share of the subjects to validate on; `test` likewise. The rest is to train on.
        seed: decides which.
    """

    size: int = 128
    step: int = 4
    field: float = 240.0
    val: float = 0.2
    test: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class Made:
    """What has been written: the folder, its subjects by list, and what was left out."""

    root: Path
    subjects: dict[str, list[str]]
    left_out: list[Text]


def make_nifti_dataset(
    out: str | Path,
    root: str | Path,
    mask_suffix: str | None = None,
    image_suffix: str | None = None,
    classes: Sequence[str] = (),
    slices: Slices | None = None,
    skip_damaged: bool = False,
) -> Made:
    """Cut every volume of a folder into slices; all slices of a subject are in one list.

    Args:
        out: folder to make; it appears complete or not at all.
        root: where the volumes are, at any depth.
        mask_suffix: how names of masks end, such as `_mask.nii.gz`; the usual ones are tried.
        image_suffix: what the image of the same subject has in its place.
        classes: names of the classes, the background first; numbers if none.
        slices: how to cut, and how to split.
        skip_damaged: leave damaged volumes out instead of raising.

    Raises:
        DataError: no volumes are found, some are damaged, or there are too few subjects.
    """
    slices = slices or Slices()
    pairs = find_pairs(Path(root).expanduser(), mask_suffix, image_suffix)
    parts = split_subjects([pair.name for pair in pairs], slices)
    facts = {"dataset": "nifti", "version": VERSION, **vars(slices), "classes": list(classes),
             "skip_damaged": skip_damaged, "files": _fingerprint(pairs)}  # fmt: skip
    left_out: list[Text] = []

    def write(draft: Path) -> None:
        volumes, problems = read_pairs(pairs, skip_damaged)
        left_out.extend(problems)
        by_name = {volume.name: volume for volume in volumes}
        chosen = {part: [by_name[name] for name in names if name in by_name] for part, names in parts.items()}
        for part, chosen_volumes in chosen.items():
            _require_some(part, chosen_volumes)
        names = list(classes) or _numbers(volumes)
        write_slices(draft, chosen, names, slices.size, slices.step, slices.field)

    return Made(folder.write_once(out, facts, _MARKER, write), parts, left_out)


def find_pairs(root: Path, mask_suffix: str | None = None, image_suffix: str | None = None) -> list[Pair]:
    """Images and masks of the same subject, by the beginnings of their names.

    Raises:
        DataError: there are none, or two files claim to be the same subject's.
    """
    if not root.is_dir():
        raise DataError(
            _("There is no folder {folder}.", folder=root),
            _("a folder with NIfTI files"),
            _("check the path after --root"),
        )
    files = sorted(path for path in root.rglob("*") if path.name.endswith(_ENDINGS) and path.is_file())
    suffixes = [(mask_suffix, image_suffix)] if mask_suffix and image_suffix else list(_USUAL)
    for mask, image in suffixes:
        pairs = list(_matched(files, mask or "", image or ""))
        if pairs:
            return pairs
    raise DataError(
        _("{folder} contains {count} NIfTI files, but no image with a mask.", folder=root, count=len(files)),
        _("names that end in {endings}", endings=listed(f"{mask} / {image}" for mask, image in suffixes)),
        _("say how the names end, for example --mask_suffix _mask.nii.gz --image_suffix .nii.gz"),
    )


def _matched(files: Sequence[Path], mask: str, image: str) -> Iterator[Pair]:
    """Masks with the images that belong to them; a mask without one has a path at which there is nothing."""
    masks = [path for path in files if path.name.endswith(mask)]
    if not image.endswith(mask):  # else every image is called a mask too
        images = [path for path in files if path.name.endswith(image) and not path.name.endswith(mask)]
    else:
        images = [path for path in files if path.name.endswith(image)]
        masks = [path for path in masks if not path.name.endswith(image)]
    by_name: dict[str, Path] = {}
    for path in images:
        name = path.name.removesuffix(image)
        if name in by_name:
            raise DataError(
                _("{first} and {second} are both images of {name}.", first=by_name[name], second=path, name=name),
                _("one image a subject"),
                _("give a longer --image_suffix"),
            )
        by_name[name] = path
    if not any(path.name.removesuffix(mask) in by_name for path in masks):
        return
    stems = {path.name.removesuffix(mask): path for path in masks}
    for name in sorted(stems.keys() | by_name.keys()):
        beside = stems.get(name) or by_name[name]
        yield Pair(
            name, by_name.get(name, beside.with_name(name + image)), stems.get(name, beside.with_name(name + mask))
        )


def split_subjects(names: Sequence[str], slices: Slices) -> dict[str, list[str]]:
    """Subjects of `train`, `val` and `test`: at least one each.

    Raises:
        DataError: there are fewer than three subjects.
    """
    if len(names) < 3:
        raise DataError(
            _("Subjects: {names}.", names=listed(names)),
            _("at least three: one each to train, to validate and to test on"),
            _("slices of one subject are nearly the same picture, so they are not split; add subjects"),
        )
    order = [names[i] for i in np.random.default_rng(slices.seed).permutation(len(names))]
    test = max(round(slices.test * len(names)), 1)
    val = min(max(round(slices.val * len(names)), 1), len(names) - test - 1)
    return {"train": sorted(order[test + val :]), "val": sorted(order[test : test + val]), "test": sorted(order[:test])}


def _fingerprint(pairs: Sequence[Pair]) -> str:
    """Of names, sizes and times: a folder made of other files, or of the same ones before a change, is another one."""
    files = [path for pair in pairs for path in (pair.image, pair.mask)]
    stats = [(path, path.stat()) for path in files if path.is_file()]
    told = [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _require_some(part: str, volumes: Sequence[Volume]) -> None:
    if not volumes:
        raise DataError(
            _("No subject of {part} can be used.", part=part),
            _("at least one subject to train, to validate and to test on"),
            _("repair the damaged volumes, or change --seed"),
        )


def _numbers(volumes: Sequence[Volume]) -> list[str]:
    last = max(int(volume.labels.max()) for volume in volumes)
    return ["background", *(f"class {c}" for c in range(1, last + 1))]
