"""Finding the masks: in PaddleSeg's file list, or in the dataset of a configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable

import numpy as np

from ..errors import ConfigError, DataError, LossError, MissingDependencyError
from ..i18n import Text, _, plural
from ..i18n.foreign import recognized
from ..paddleseg import config as configs
from ..paddleseg.registration import import_manager
from ..registry import PREFIX, suggest

_LISTED = ("Dataset", "SegDataset")  # PaddleSeg's own datasets that read a list of files and nothing else


@dataclass(frozen=True)
class MaskSource:
    """Masks that can be read one by one."""

    title: Text
    names: list[str]  # what a mask is called in a message
    read: Callable[[int], Any]
    classes: int | None  # None: as many as the masks hold
    ignore_index: int | None
    class_names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def number_of_classes(self, labels: Iterable[int]) -> int:
        """The configured number, else the largest label + 1 (at least 2)."""
        return max(max(labels, default=0) + 1 if self.classes is None else self.classes, 2)


@dataclass(frozen=True)
class _Pictures:
    """Reads a mask as PaddleSeg does: the indices of a palette, not its colors."""

    paths: list[str]

    def __call__(self, index: int) -> Any:
        from PIL import Image

        with Image.open(self.paths[index]) as picture:
            return np.asarray(picture)


@dataclass(frozen=True)
class _Samples:
    """Reads through a dataset of PaddleSeg, which may change labels as it reads them (ADE20K subtracts 1)."""

    dataset: Any

    def __call__(self, index: int) -> Any:
        label = np.asarray(self.dataset[index]["label"])
        return label[0] if label.ndim == 3 and label.shape[0] == 1 else label


@dataclass(frozen=True)
class _Merged:
    """Reads labels as the transform `Foreground` makes them."""

    read: Callable[[int], Any]
    foreground: Callable[[dict[str, Any]], dict[str, Any]]

    def __call__(self, index: int) -> Any:
        return self.foreground({"label": self.read(index)})["label"]


def open_source(
    path: str | Path,
    classes: int | None = None,
    ignore_index: int | None = None,
    root: str | Path | None = None,
    separator: str | None = None,
    part: str = "train",
) -> MaskSource:
    """The masks of a file list (`image mask` on each line) or of a YAML configuration.

    Args:
        path: the list or the configuration.
        classes: number of classes; that of the configuration if None.
        ignore_index: ignored label; that of the configuration, or 255, if None.
        root: folder of a list's paths; that of the list, or the working folder, if None.
        separator: what separates image and mask; a blank, or the configuration's, if None.
        part: 'train' or 'val' of a configuration.
    """
    path = Path(path)
    if path.suffix.lower() in (".yml", ".yaml"):
        return _of_config(path, classes, ignore_index, part)
    paths = _listed(path, separator or " ")
    folder = Path(root) if root is not None else _folder(path, paths[0])
    return _of_paths(str(path), folder, paths, classes, 255 if ignore_index is None else ignore_index)


def _of_paths(title: Text, folder: Path, paths: list[str], classes: int | None, ignore_index: int) -> MaskSource:
    _require_pillow()
    names = _class_names(folder, classes)
    return MaskSource(title, paths, _Pictures([str(folder / path) for path in paths]), classes, ignore_index, names)


def _folder(listing: Path, first: str) -> Path:
    """The folder in which the first mask is found."""
    here = listing.parent
    return next((folder for folder in (here, here.parent, Path()) if (folder / first).is_file()), here)


def _listed(path: Path, separator: str) -> list[str]:
    """The second column of a list."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        there = {file.stem: file for file in path.parent.glob("*.*")} if path.parent.is_dir() else {}
        near = suggest(path.stem, list(there))
        raise DataError(
            _("There is no file {path}.", path=path),
            _("a file list such as train.txt, or a YAML configuration"),
            _("did you mean {near}?", near=there[near])
            if near
            else _("look in {folder}", folder=path.parent.resolve()),
        ) from None
    except IsADirectoryError:
        lists = ", ".join(str(file) for file in sorted(path.glob("*.txt"))[:5])
        raise DataError(
            _("{path} is a folder.", path=path),
            _("a file list such as train.txt, or a YAML configuration"),
            _("give one of {files}", files=lists) if lists else _("give the list that names the masks"),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            _("{path} cannot be read: {error}.", path=path, error=recognized(str(error))),
            _("a file list in UTF-8"),
            _("save it again"),
        ) from None
    paths: list[str] = []
    for number, line in enumerate(lines, 1):
        columns = line.strip().split(separator)
        if len(columns) != 2 and line.strip():
            raise DataError(
                plural(
                    "{path}, line {number}: {line!r} has {count} column.",
                    "{path}, line {number}: {line!r} has {count} columns.",
                    len(columns),
                    path=path,
                    number=number,
                    line=line.strip()[:80],
                ),
                _("an image and its mask, separated by {separator!r}", separator=separator),
                _("give the separator with --separator, or correct the line"),
            )
        paths += columns[1:]
    if not paths:
        raise DataError(
            _("{path} lists no masks.", path=path), _("an image and its mask on each line"), _("choose another list")
        )
    return paths


def _of_config(path: Path, classes: int | None, ignore_index: int | None, part: str) -> MaskSource:
    section = configs.load(path).get(f"{part}_dataset")
    if not isinstance(section, dict) or not isinstance(section.get("type"), str):
        raise ConfigError(
            _("{path} has no {section} with a type.", path=path, section=f"{part}_dataset"),
            _("a section {section}", section=f"{part}_dataset"),
            _("add it, or give a file list such as train.txt instead"),
        )
    title = _("{section} of {path}", section=f"{part}_dataset", path=path)
    if section["type"] not in _LISTED:
        return _as_transformed(_of_dataset(title, section, classes, ignore_index, part), section)
    for key in ("dataset_root", f"{part}_path"):
        if not isinstance(section.get(key), str):
            raise ConfigError(
                _("{title} has no {key}.", title=title, key=key), _("a path as {key}", key=key), _("add {key}", key=key)
            )
    listing = Path(section[f"{part}_path"])
    paths = _listed(listing, section.get("separator", " "))
    classes = section.get("num_classes") if classes is None else classes
    ignore_index = section.get("ignore_index", 255) if ignore_index is None else ignore_index
    return _as_transformed(_of_paths(title, Path(section["dataset_root"]), paths, classes, ignore_index), section)


def _as_transformed(source: MaskSource, section: Any) -> MaskSource:
    """With labels as our transforms change them; `Multilabel` makes num_classes independent of those of the masks."""
    from ..transforms import Foreground

    for entry in section.get("transforms") or ():
        kind, options = entry.get("type"), {key: value for key, value in entry.items() if key != "type"}
        if kind == f"{PREFIX}Foreground":
            try:
                source = replace(source, read=_Merged(source.read, Foreground(**options)))
            except (TypeError, ValueError) as error:
                raise _not_created(source.title, error) from error
        elif kind == f"{PREFIX}Multilabel":
            source = replace(source, classes=None)
    return source


def _not_created(title: Text, error: Exception) -> ConfigError:
    return ConfigError(
        _("{name} cannot be created: {error}", name=title, error=error),
        _("a dataset that PaddleSeg can create"),
        _("correct its options"),
    )


def _of_dataset(title: Text, section: Any, classes: int | None, ignore_index: int | None, part: str) -> MaskSource:
    """A dataset with a class of its own, asked for its labels without any transform."""
    known = import_manager().DATASETS.components_dict
    if section["type"] not in known:
        near = suggest(section["type"], list(known))
        raise ConfigError(
            _("{title}: there is no dataset {name!r}.", title=title, name=section["type"]),
            _("a dataset of PaddleSeg"),
            _("did you mean {near}?", near=near) if near else _("one of {names}", names=", ".join(known)),
        )
    options = {key: value for key, value in section.items() if key not in ("type", "transforms", "mode")}
    try:
        dataset = known[section["type"]](transforms=[], mode=part, **options)
    except LossError:
        raise
    except Exception as error:
        raise _not_created(title, error) from error
    names = [str(file[1] if isinstance(file, (list, tuple)) else file) for file in dataset.file_list]
    return MaskSource(
        title,
        names,
        _Samples(dataset),
        classes if classes is not None else getattr(dataset, "num_classes", None),
        ignore_index if ignore_index is not None else getattr(dataset, "ignore_index", 255),
    )


def _class_names(folder: Path, classes: int | None) -> list[str] | None:
    file = folder / "labels.txt"
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []
    lines = [line for line in lines if line]
    return lines if lines and classes in (None, len(lines)) else None


def _require_pillow() -> None:
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="Pillow", error=error),
            _("Pillow, to read masks"),
            "pip install pillow",
        ) from error
