"""What lies in a folder: pictures, annotations, lists. Nothing is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError
from ..i18n import Text, _, plural

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp", ".ppm", ".pgm", ".pbm", ".npy"}
_LISTS, _VOLUMES = (".txt", ".csv"), (".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".dcm")
_NOT_DATA = {"__macosx", "__pycache__", "thumbs.db"}


@dataclass(frozen=True)
class LeftOut:
    """A file that is not used, and why."""

    name: str
    reason: Text


@dataclass
class Files:
    """The files below a folder, sorted."""

    root: Path
    pictures: list[Path] = field(default_factory=list)
    annotations: list[Path] = field(default_factory=list)  # JSON
    lists: list[Path] = field(default_factory=list)
    volumes: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def name(self, path: Path) -> str:
        """A path as messages show it: from the folder on, with slashes."""
        below, root = path.as_posix(), self.root.as_posix().rstrip("/")
        return below[len(root) + 1 :] if below.startswith(f"{root}/") else path.relative_to(self.root).as_posix()


def scan(root: Path, skip: Path | None = None) -> Files:
    """All files below a folder; links are followed, but no folder is entered twice.

    Args:
        root: the folder.
        skip: a folder inside that is not looked at.

    Raises:
        DataError: there is no such folder.
    """
    if not root.is_dir():
        raise DataError(
            _("{path} is not a folder.", path=root) if root.exists() else _("There is no folder {path}.", path=root),
            _("a folder with images and masks"),
            _("correct the path; quote it if it contains blanks"),
        )
    files = Files(root)
    for path in _walk(root, skip):
        suffix = path.suffix.lower()
        if suffix in PICTURES:
            _add_picture(files, path)
        elif suffix == ".json":
            files.annotations.append(path)
        elif suffix in _LISTS:
            files.lists.append(path)
        elif path.name.lower().endswith(_VOLUMES):
            files.volumes.append(path)
    return files


def _walk(root: Path, skip: Path | None) -> Iterator[Path]:
    seen = {root.resolve()} | ({skip.resolve()} if skip else set())
    for folder, below, names in os.walk(root, followlinks=True):
        below[:] = sorted(name for name in below if _is_data(name) and _is_new(Path(folder, name), seen))
        yield from (Path(folder, name) for name in sorted(names) if _is_data(name))


def _is_data(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _NOT_DATA


def _is_new(folder: Path, seen: set[Path]) -> bool:
    """Whether a folder has not been entered yet, by this name or through a link."""
    real = folder.resolve()
    fresh = real not in seen
    seen.add(real)
    return fresh


def _add_picture(files: Files, path: Path) -> None:
    name = files.name(path)
    try:
        size = os.stat(path).st_size
    except OSError:
        files.left_out.append(LeftOut(name, _("a link to a file that is not there")))
        return
    if not size:
        files.left_out.append(LeftOut(name, _("the file is empty")))
    elif any(mark in name for mark in "\n\r"):
        files.left_out.append(LeftOut(name.encode("unicode_escape").decode(), _("a line break in its name")))
    else:
        files.pictures.append(path)


def nothing_found(files: Files) -> DataError:
    """Why a folder without pictures cannot be used."""
    if files.volumes:
        return DataError(
            plural(
                "{folder} holds no pictures, but {count} volume, such as {name}.",
                "{folder} holds no pictures, but {count} volumes, such as {name}.",
                len(files.volumes),
                folder=files.root,
                name=files.name(files.volumes[0]),
            ),
            _("images and masks as pictures"),
            _("cut NIfTI volumes into slices: {code}", code="paddleseg-losses data nifti --root ... --out ..."),
        )
    empty = "; ".join(each.name for each in files.left_out[:3])
    return DataError(
        _("{folder} holds no picture that can be used: {names}.", folder=files.root, names=empty)
        if empty
        else _("{folder} holds no pictures.", folder=files.root),
        _("images and masks: {suffixes}", suffixes=" ".join(sorted(PICTURES))),
        _("give the folder that holds them, in any layout"),
    )
