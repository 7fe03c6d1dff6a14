"""The images to predict: a file, a folder with all below it, or a list."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from ..i18n import _
from ..paddleseg.file_lists import lines_of

SUFFIXES = {".jpeg", ".jpg", ".bmp", ".png", ".tif", ".tiff", ".webp", ".jp2", ".ppm", ".pgm"}  # that OpenCV reads


@dataclass(frozen=True)
class Image:
    """A file, and the name of what is made of it, without a suffix."""

    file: Path
    name: str


def find_images(path: Path, root: Path | None = None, besides: Collection[Path] = ()) -> list[Image]:
    """The images that a path means, in order.

    Args:
        path: an image; a folder; or a list with an image at the beginning of each line, as for the training.
        root: where the files of a list are, if not beside it.
        besides: folders to leave out.

    Raises:
        DataError: there is no such path, or no image in it.
    """
    if path.is_dir():
        files, base = sorted(_below(path, [folder.resolve() for folder in besides])), path
    elif not path.is_file():
        raise _nothing(path, exists=False)
    elif path.suffix.lower() in SUFFIXES:
        files, base = [path], path.parent
    else:
        files, base = list(_listed(path, root)), path.parent
    if not files:
        raise _nothing(path, exists=True)
    return list(_named(files, [base, *([root] if root else [])]))


def _below(folder: Path, besides: Collection[Path]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and _is_open(Path(place, name), besides)]
        yield from (Path(place, name) for name in files
                    if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES)  # fmt: skip


def _is_open(folder: Path, besides: Collection[Path]) -> bool:
    return folder.resolve() not in besides


def _listed(path: Path, root: Path | None) -> Iterator[Path]:
    """A file that is not there stays in the list: it is named when its turn comes."""
    folders = [path.parent, *([root] if root else [])]
    for line in filter(None, lines_of(path)):
        words = (line, line.split()[0], *(line.partition(mark)[0] for mark in "\t,;|"))
        files = (folder / word for word in words for folder in folders if (folder / word).is_file())
        yield next(files, path.parent / words[1])


def _named(files: list[Path], bases: list[Path]) -> Iterator[Image]:
    """Names without suffixes, as long as they tell the files apart."""
    names = [_relative(file, bases) for file in files]
    short = [name.with_suffix("") for name in names]
    for file, name, stem in zip(files, names, short):
        yield Image(file, (stem if short.count(stem) == 1 else name).as_posix())


def _relative(file: Path, bases: list[Path]) -> Path:
    resolved = file.resolve()
    for base in bases:
        if resolved.is_relative_to(base.resolve()):
            return resolved.relative_to(base.resolve())
    return Path(file.name)


def _nothing(path: Path, exists: bool) -> DataError:
    return DataError(
        _("There are no images in {path}.", path=path) if exists else _("There is no file {path}.", path=path),
        _("an image, a folder of images, or a list with an image on each line"),
        _("give another path as --image_path; {suffixes} are images", suffixes=", ".join(sorted(SUFFIXES))),
    )
