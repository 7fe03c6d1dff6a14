"""Where images and their masks come from: lists, names, annotations; whichever a folder has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable

from ..errors import DataError
from ..i18n import Text, _
from ..paddleseg.file_lists import lines_of, read_list
from .naming import PARTS, Named, read_name
from .pairing import Pairing, nothing_paired, pair_by_name
from .pixels import Pixels, looks_like_mask, read_objects, read_pixels
from .scanning import Files, LeftOut, nothing_found

_SEPARATORS = (" ", "\t", ",", ";")


@dataclass(frozen=True)
class Sample:
    """An image and its mask."""

    name: str  # of the image, from the root on
    image: Path
    mask_name: str
    mask: Path | None  # None: it is drawn from annotations
    read: Callable[[], Pixels]
    part: str = ""
    folder: str = ""  # what the folders say besides image and mask
    key: str = ""
    size: tuple[int, int] | None = None  # width and height of the image, where the annotations tell them


@dataclass
class Source:
    """The samples of a folder."""

    samples: list[Sample]
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of classes, where the annotations tell them


def find_samples(files: Files, given: Mapping[str, str]) -> Source:
    """The samples of a folder.

    Args:
        files: what lies in it.
        given: the role of folders, where a user has said it.

    Raises:
        DataError: there are none.
    """
    if not files.pictures:
        raise nothing_found(files)
    listed = None if given else _from_lists(files)
    if listed:
        return listed
    from .annotations import from_annotations

    # Names that say which pictures are masks count most, then annotations, then what names make likely.
    said = bool(given) or any(read_name(path, files.name(path)).role == "mask" for path in files.pictures)
    annotated = None if said else from_annotations(files)
    if annotated and annotated.samples:
        return annotated
    pairing = pair_by_name(files, given, looks_like_mask)
    source = _from_pairs(files, pairing) or annotated or (from_annotations(files) if said else None)
    if source is None:
        pairing.left_out += files.left_out
        raise nothing_paired(files, pairing)
    return source


def _from_pairs(files: Files, pairing: Pairing) -> Source | None:
    samples = [_of_files(image.path, image.name, mask.path, mask.name) for image, mask in pairing.pairs]
    samples += [_of_objects(image, masks) for image, masks in pairing.merged]
    samples.sort(key=lambda each: each.name)
    parts = _parts_of_lists(files)
    samples = [replace(each, part=parts.get(each.image.stem, each.part)) for each in samples]
    return Source(samples, files.left_out + pairing.left_out, pairing.notes) if samples else None


def _of_files(image: Path, name: str, mask: Path, mask_name: str, part: str = "") -> Sample:
    said = read_name(image, name)
    return Sample(name, image, mask_name, mask, lambda: read_pixels(mask), part or said.part, said.folder, said.key)


def _of_objects(image: Named, masks: Sequence[Named]) -> Sample:
    """An image whose objects have a mask each: they are one foreground."""
    paths = [each.path for each in masks]
    name = _("{name} and {count} more", name=masks[0].name, count=len(masks) - 1)
    return Sample(
        image.name, image.path, str(name) if len(masks) > 1 else masks[0].name, None,
        lambda: read_objects(paths), image.part, image.folder, image.key,
    )  # fmt: skip


def _parts_of_lists(files: Files) -> dict[str, str]:
    """The part of each image by its stem, from lists of names such as those of PASCAL VOC."""
    parts = {}
    for path in files.lists:
        part = PARTS.get(path.stem.lower())
        if part:
            names = (name for line in lines_of(path) if line for name in (line.split()[0], line))  # some hold blanks
            parts.update({Path(name).stem if "." in name else name: part for name in names})
    return parts


def _from_lists(files: Files) -> Source | None:
    """Lists of PaddleSeg: an image and its mask on each line."""
    samples: dict[str, Sample] = {}
    source = Source([], files.left_out)
    used = []
    for path in files.lists:
        pairs = _from_list(files, path)
        if pairs is not None:
            used.append(files.name(path))
            for each in pairs:
                if isinstance(each, LeftOut):
                    source.left_out.append(each)
                else:
                    samples.setdefault(each.name, each)
    if not samples:
        return None
    source.samples = sorted(samples.values(), key=lambda each: each.name)
    source.notes.append(_("images and masks are those of {lists}", lists=", ".join(used)))
    return source


def _from_list(files: Files, path: Path) -> list[Sample | LeftOut] | None:
    for separator in _SEPARATORS:
        try:
            entries = read_list(path, separator).entries
        except (DataError, OSError):
            continue
        roots = (files.root, path.parent, path.parent.parent)
        root = next((root for root in roots if (root / entries[0].image).is_file()), None)
        if root is not None:
            words = path.stem.lower().replace("-", "_").split("_")
            part = next((PARTS[word] for word in words if word in PARTS), "")
            return list(_of_entries(files, root, part, ((each.image, each.mask) for each in entries)))
    return None


def _of_entries(files: Files, root: Path, part: str, pairs: Iterator[tuple[str, str]]) -> Iterator[Sample | LeftOut]:
    for image, mask in pairs:
        missing = next((name for name in (image, mask) if not (root / name).is_file()), None)
        if missing is not None:
            yield LeftOut(missing, _("the file of the list is not there"))
        elif not (root / mask).stat().st_size or not (root / image).stat().st_size:
            yield LeftOut(image, _("the file is empty"))
        else:
            yield _of_files(root / image, _name(files, root / image), root / mask, _name(files, root / mask), part)


def _name(files: Files, path: Path) -> str:
    try:
        return files.name(path)
    except ValueError:
        return path.as_posix()
