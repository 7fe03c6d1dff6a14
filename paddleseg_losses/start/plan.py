"""From a folder to a plan: samples, what their masks mean, parts, a loss, a configuration. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Callable

from ..datasets import MaskStatistics, Symptom, measure, symptoms
from ..errors import DataError
from ..i18n import CLAUSES, Text, _, listed, plural
from .configuration import write_yaml
from .inspection import Inspected, count_values, inspect_files, read_mask, spread
from .legend import find_legend, read_legend
from .pixels import Seen
from .reading import IGNORED, Reading, propose
from .recipes import Recipe, recommend
from .scanning import Files, LeftOut, scan
from .sources import Sample, Source, find_samples
from .splitting import Split, split

_DARK = 64  # of 255: images of 10 or 12 bits are far below
_MEASURED = 100  # masks whose shapes are measured
SEPARATORS = (" ", "\t", ",", ";", "|")
Progress = Callable[[Text, int, int], object]


@dataclass(frozen=True)
class Options:
    """What a user may say."""

    val: float = 0.2
    test: float = 0.0
    seed: int = 0
    masks: int = 2000  # that are read to see which values there are
    group: str | None = None
    model: str | None = None
    image_dir: str | None = None
    mask_dir: str | None = None
    legend: Path | None = None


@dataclass
class Plan:
    """Everything that was found and decided."""

    folder: Path
    out: Path
    split: Split
    reading: Reading
    seen: Seen
    statistics: MaskStatistics
    symptoms: list[Symptom]
    recipe: Recipe
    left_out: list[LeftOut]
    notes: list[Text]
    rewritten: dict[str, str]  # images that are saved anew, and why
    separator: str = " "
    config: str = ""
    legend: Path | None = None

    @cached_property
    def counts_of_stems(self) -> Counter[str]:
        """How many images have a name, but for its ending."""
        return Counter(str(PurePosixPath(each.name).with_suffix("")) for each in self.samples)

    @property
    def samples(self) -> list[Sample]:
        """All samples."""
        return [each for part in self.split.parts.values() for each in part]


def make_plan(folder: Path, out: Path, options: Options, progress: Progress = lambda what, done, all: None) -> Plan:
    """Look at a folder and decide.

    Args:
        folder: with images and masks; or a list of them, or a file of annotations.
        out: the folder that will be written into.
        options: what the user said.
        progress: is called with what is done, how many files are done, and of how many.

    Raises:
        DataError: it cannot be trained on; says why and what to do.
    """
    files = _files(folder, out)
    source = find_samples(files, _given(options))
    inspected = inspect_files(source.samples, lambda done: progress(_("files"), done, len(source.samples)))
    chosen = min(len(inspected.samples), options.masks)
    seen, samples, unreadable = count_values(
        inspected.samples, options.masks, lambda done: progress(_("masks"), done, chosen)
    )
    left_out = [*source.left_out, *inspected.left_out, *unreadable]
    if not samples:
        raise none_left(files.root, left_out)
    legend = read_legend(options.legend) if options.legend else find_legend(files)
    reading = _drawn(source) if source.names else propose(seen, legend)
    parts = split(samples, options.val, options.test, options.seed, options.group, seen.of_mask)
    measured = spread(samples, _MEASURED)
    statistics = measure(_labels(measured, reading, progress), IGNORED)
    shown = symptoms(statistics, dict(enumerate(reading.names)))
    recipe = recommend(shown, statistics, len(parts.parts["train"]), len(reading.classes), options.model)
    plan = Plan(
        files.root, out, parts, reading, seen, statistics, shown, recipe, left_out,
        [*source.notes, *_notes(inspected, samples, seen)], inspected.rewritten, legend=legend.path if legend else None,
    )  # fmt: skip
    plan.separator = _separator(plan)
    foreground = reading.foreground if not reading.converts else None
    plan.config = write_yaml(recipe, out, list(parts.parts), reading.names, plan.separator, foreground)
    return plan


def _files(folder: Path, out: Path) -> Files:
    """What lies in a folder; of a file that names the others, its own folder."""
    if not folder.is_file():
        return scan(folder, out)
    files = scan(folder.parent, out)
    files.lists = [folder] if folder.suffix.lower() != ".json" else []
    files.annotations = [folder] if folder.suffix.lower() == ".json" else []
    return files


def _given(options: Options) -> dict[str, str]:
    named = ((options.image_dir, "image"), (options.mask_dir, "mask"))
    return {folder: role for folder, role in named if folder}


def _drawn(source: Source) -> Reading:
    """How masks are read that are drawn from annotations: as class indices."""
    return Reading([(label,) for label in range(len(source.names))], (IGNORED,), source.names, converts=True)


def _labels(samples: list[Sample], reading: Reading, progress: Progress) -> Iterator[tuple[str, Any]]:
    for number, sample in enumerate(samples, 1):
        progress(_("shapes"), number, len(samples))
        pixels, _reason = read_mask(sample)
        if pixels is not None:
            yield sample.mask_name, reading.labels(pixels)


def _notes(inspected: Inspected, samples: list[Sample], seen: Seen) -> Iterator[Text]:
    turned = [name for name, why in inspected.rewritten.items() if why == "exif"]
    if turned:
        yield plural(
            "{count} image is turned by its EXIF tag, but its mask is not: it is saved again without the tag ({name})",
            "{count} images are turned by their EXIF tags, but their masks are not: they are saved again without the "
            "tags ({name})",
            len(turned),
            name=turned[0],
        )
    if inspected.deep:
        name, value = inspected.deep
        yield _("images of 16 bits are read with the upper 8 bits alone: the brightest pixel of {name} becomes "
                "{value} of 255", name=name, value=value)  # fmt: skip
        if value < _DARK:
            yield _("that is dark: scale all images to 8 bits, those to be predicted later alike, and start again")
    if seen.masks < len(samples):
        yield _("{some} of {all} masks were read, spread over all: --masks changes that",
                some=seen.masks, all=len(samples))  # fmt: skip


def _separator(plan: Plan) -> str:
    """What stands between image and mask in the lists: nothing that any name holds."""
    names = "".join(f"{each.name}{each.mask_name if each.mask else ''}" for each in plan.samples)
    names += f"{plan.folder}{plan.out}"
    free = [mark for mark in SEPARATORS if mark not in names]
    if not free:
        raise DataError(
            _("The file names contain blanks, tabs, commas, semicolons and bars."),
            _("one of these that is in no name, to separate image and mask in a list"),
            _("rename the files"),
        )
    return free[0]


def none_left(where: Path | str, left_out: list[LeftOut]) -> DataError:
    """No image of a folder or a list can be used: the first reasons."""
    shown = listed((_("{place}: {found}", place=each.name, found=each.reason) for each in left_out[:3]), CLAUSES)
    return DataError(
        _("No image of {folder} can be used: {names}.", folder=where, names=shown),
        _("images and masks that can be read, of the same size"),
        _("repair the files, or give another folder"),
    )


def find_out(folder: Path, out: str | None) -> Path:
    """The folder to write into: beside the working folder, never inside the data unless a user says so.

    Raises:
        DataError: it is not empty, or would lie inside the data.
    """
    inside = folder.resolve().parent if folder.is_file() else folder.resolve()
    path = Path(out).expanduser().resolve() if out else Path.cwd() / f"{inside.name}_start"
    if out is None and (path == inside or inside in path.parents):
        raise DataError(
            _("Without --out the configuration would be written into your data: {path}.", path=path),
            _("a folder of its own"),
            _("add --out FOLDER, or call the command from another folder"),
        )
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        there = path / "config.yml"
        raise DataError(
            _("{path} exists already.", path=there) if there.exists() else _("{path} is not empty.", path=path),
            _("a new folder, or an empty one: nothing is overwritten"),
            _("choose another with --out, or move the folder {folder}", folder=path.name),
        )
    return path
