"""Finding the masks: in PaddleSeg's file list, or in the dataset of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable

from ..errors import ConfigError, DataError, LossError
from ..i18n import Text, _
from ..paddleseg import config as configs
from ..paddleseg.file_lists import LISTED, FileList, lines_of, read_list
from ..paddleseg.registration import import_manager
from ..paddleseg.toolkits import MEDICALSEG, toolkit_of
from ..registry import PREFIX, suggest
from .folder import pillow
from .mask_readers import Pictures, Samples, Transformed
from .volumes_of_medicalseg import read_volumes

MOST_CLASSES = 1 << 16


@dataclass(frozen=True)
class Pair:
    """The files of a sample."""

    image: Path
    mask: Path
    where: Text  # that names them: a line of a list


@dataclass(frozen=True)
class MaskSource:
    """Masks that can be read one by one."""

    title: Text
    names: list[str]  # what a mask is called in a message
    read: Callable[[int], Any]
    classes: int | None  # None: as many as the masks hold
    ignore_index: int | None
    class_names: list[str] | None = None
    pairs: list[Pair] = field(default_factory=list)  # none where a dataset does not tell
    defects: list[DataError] = field(default_factory=list)  # of the list, which PaddleSeg cannot read though we can
    multilabel: bool = False  # a mask may hold its classes below or beside each other
    partial: frozenset[int] = frozenset()  # labels of pixels that are one of several classes
    merged: Merged | None = None  # what a transform has made labels of 0 and 1 of

    def __len__(self) -> int:
        return len(self.names)

    @property
    def no_classes(self) -> set[int | None]:
        """Labels that are not a class by intent: ignored, or one of several classes."""
        return {self.ignore_index, *self.partial}

    def sampled(self, most: int) -> MaskSource:
        """At most so many masks, spread evenly over all."""
        if len(self) <= most:
            return self
        chosen = [round(i * (len(self) - 1) / max(most - 1, 1)) for i in range(most)]
        return replace(self, names=[self.names[i] for i in chosen], read=lambda i: self.read(chosen[i]))

    def number_of_classes(self, labels: Mapping[int, str]) -> int:
        """The configured number, else the largest label + 1 (at least 2).

        Args:
            labels: those that occur, but for the ignored one, and the first mask of each.

        Raises:
            DataError: no data set has so many.
        """
        largest = max(labels, default=0)
        count = largest + 1 if self.classes is None else self.classes
        if self.classes is None and count > 256 + 10 * len(labels):
            raise DataError(
                _(
                    "{source}: the largest label is {label}, in {mask}.",
                    source=self.title,
                    label=largest,
                    mask=labels[largest],
                ),
                _("the classes 0, 1, 2, ... with few gaps"),
                _("set the number of classes (--num_classes): labels beyond are then counted as out of range"),
            )
        if count > MOST_CLASSES:
            raise DataError(
                _("{source}: {count} classes.", source=self.title, count=count),
                _("at most {count} classes", count=MOST_CLASSES),
                _("set num_classes to the number of classes of the model"),
            )
        return max(count, 2)


@dataclass(frozen=True)
class Merged:
    """Masks of which a transform makes labels of 0 and 1."""

    transform: str
    option: str  # of the transform, that says which values it makes 1
    before: MaskSource
    foreground: frozenset[int]  # these values, of any channel


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
    listing = _with_folder(path, separator or " ", root)
    return _of_list(str(path), listing, classes, 255 if ignore_index is None else ignore_index)


def _with_folder(path: Path, separator: str, root: str | Path | None) -> tuple[FileList, Path]:
    """A list, and the folder in which its first mask is found."""
    here, first = path.parent, read_list(path, separator).entries[0].mask
    folders = (here, here.parent, Path()) if root is None else (Path(root),)
    names = (first, first.replace("\\", "/"))
    folder = next((folder for folder in folders if any((folder / name).is_file() for name in names)), folders[0])
    return read_list(path, separator, folder), folder


def _of_list(title: Text, listing: tuple[FileList, Path], classes: int | None, ignore_index: int) -> MaskSource:
    pillow(_("Pillow, to read masks"), "pip install pillow")
    lines, folder = listing
    pairs = [
        Pair(
            folder / entry.image,
            folder / entry.mask,
            _("{list}, line {number}", list=lines.path, number=entry.line),
        )
        for entry in lines.entries
    ]
    return MaskSource(
        title,
        [entry.mask for entry in lines.entries],
        Pictures([str(pair.mask) for pair in pairs]),
        classes,
        ignore_index,
        _class_names(folder, classes),
        pairs,
        lines.defects,
    )


def _of_config(path: Path, classes: int | None, ignore_index: int | None, part: str) -> MaskSource:
    config = configs.load(path)
    configs.pop_of_trainer(config)
    from ..paddleseg.checking.partial_labels import known_label_sets

    source = _of_section(path, config, classes, ignore_index, part)
    source = replace(source, partial=source.partial.union(*known_label_sets(config.get("loss"))))
    tests = config.get("test_config")
    if isinstance(tests, dict) and tests.get("use_multilabel"):  # then the masks hold 0 and 1, whatever num_classes is
        source = replace(source, multilabel=True, classes=classes)
    return source


def _of_section(
    path: Path, config: configs.Config, classes: int | None, ignore_index: int | None, part: str
) -> MaskSource:
    section = config.get(f"{part}_dataset")
    if not isinstance(section, dict) or not isinstance(section.get("type"), str):
        raise ConfigError(
            _("{path} has no {section} with a type.", path=path, section=f"{part}_dataset"),
            _("a section {section}", section=f"{part}_dataset"),
            _("add it, or give a file list such as train.txt instead"),
        )
    title = _("{section} of {path}", section=f"{part}_dataset", path=path)
    if toolkit_of(config) is MEDICALSEG:
        classes = section.get("num_classes") if classes is None else classes
        ignore_index = section.get("ignore_index", 255) if ignore_index is None else ignore_index
        source = MaskSource(title, *read_volumes(title, config, part), classes, ignore_index)
        return _as_transformed(source, section)
    if section["type"] not in LISTED:
        return _as_transformed(_of_dataset(title, section, classes, ignore_index, part), section)
    for key in ("dataset_root", f"{part}_path"):
        if not isinstance(section.get(key), str):
            raise ConfigError(
                _("{title} has no {key}.", title=title, key=key), _("a path as {key}", key=key), _("add {key}", key=key)
            )
    root = Path(section["dataset_root"])
    listing = read_list(Path(section[f"{part}_path"]), section.get("separator", " "), root), root
    classes = section.get("num_classes") if classes is None else classes
    ignore_index = section.get("ignore_index", 255) if ignore_index is None else ignore_index
    return _as_transformed(_of_list(title, listing, classes, ignore_index), section)


def _as_transformed(source: MaskSource, section: Any) -> MaskSource:
    """With labels as our transforms change them; `Multilabel` makes num_classes independent of those of the masks."""
    from ..transforms import BorderWeights, Foreground, Multilabel, PartialLabels

    makers = {PREFIX + each.__name__: each for each in (BorderWeights, Foreground, Multilabel, PartialLabels)}
    for entry in section.get("transforms") or ():
        kind, options = entry.get("type"), {key: value for key, value in entry.items() if key != "type"}
        if kind in makers:
            try:
                transform = makers[kind](**options)
            except (TypeError, ValueError) as error:
                raise _not_created(source.title, error) from error
            if isinstance(transform, (Foreground, Multilabel)):
                source = replace(source, merged=_merged(source, transform))
            if isinstance(transform, Multilabel):
                source = replace(source, classes=None)
                continue
            relabel = transform.relabel if isinstance(transform, BorderWeights) else transform
            source = replace(source, read=Transformed(source.read, relabel, source.names))
            if isinstance(transform, PartialLabels):
                source = replace(source, partial=source.partial | {transform.label})
    return source


def _merged(source: MaskSource, transform: Any) -> Merged:
    """Of `Foreground`, or of `Multilabel`, which has one for each channel."""
    channels = getattr(transform, "channels", None)
    option, each = ("classes", [transform]) if channels is None else ("sets", channels)
    foreground = frozenset(value for channel in each for value in channel.classes)
    return Merged(type(transform).__name__, option, replace(source, ignore_index=each[0].ignore_index), foreground)


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
    files = [file if isinstance(file, (list, tuple)) else [None, file] for file in dataset.file_list]
    names = [str(file[1]) for file in files]
    pairs = [
        Pair(Path(file[0]), Path(file[1]), str(file[1])) for file in files if all(isinstance(f, str) for f in file[:2])
    ]
    return MaskSource(
        title,
        names,
        Samples(dataset),
        classes if classes is not None else getattr(dataset, "num_classes", None),
        ignore_index if ignore_index is not None else getattr(dataset, "ignore_index", 255),
        pairs=pairs if len(pairs) == len(names) else [],
    )


def _class_names(folder: Path, classes: int | None) -> list[str] | None:
    file = folder / "labels.txt"
    lines = [line for line in lines_of(file) if line] if file.is_file() else []
    return lines if lines and classes in (None, len(lines)) else None
