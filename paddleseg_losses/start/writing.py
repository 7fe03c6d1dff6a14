"""Writing a plan into its folder: masks that had to be converted, lists, the legend, a picture, the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..datasets.folder import write_labels, write_once
from ..i18n import Text, _, plural
from .inspection import read_mask
from .legend import legend_text
from .pixels import describe
from .plan import Plan, none_left
from .preview import draw_preview
from .scanning import LeftOut
from .sources import Sample

CONFIG, LEGEND, PREVIEW, MARKER = "config.yml", "legend.yml", "preview.png", "start.json"


@dataclass
class Written:
    """What was written."""

    lists: dict[str, int] = field(default_factory=dict)  # lines by part
    left_out: list[LeftOut] = field(default_factory=list)  # masks that could not be converted
    notes: list[Text] = field(default_factory=list)
    preview: bool = False


def write_plan(plan: Plan, progress: Callable[[int], object] = lambda done: None) -> Written:
    """Write everything, or nothing: the folder appears when it is complete.

    Args:
        plan: what `make_plan` decided.
        progress: is called with the number of samples that are done.
    """
    written = Written()

    def write(draft: Path) -> None:
        draft.mkdir(parents=True)
        done = 0
        for part, samples in plan.split.parts.items():
            lines = []
            for sample in samples:
                lines += list(_line(plan, sample, draft, written))
                done += 1
                progress(done)
            (draft / f"{part}.txt").write_text("".join(lines), encoding="utf-8")
            written.lists[part] = len(lines)
        for part in ("train", "val"):
            if not written.lists[part]:
                raise none_left(f"{part}.txt", written.left_out)
        write_labels(draft, plan.reading.names)
        if not plan.reading.objects:
            text = legend_text(plan.reading.classes, plan.reading.names, plan.reading.ignored, plan.reading.colors)
            (draft / LEGEND).write_text(f"# {_legend_says()}\n{text}", encoding="utf-8")
        written.preview = draw_preview(plan, draft / PREVIEW)
        (draft / CONFIG).write_text(plan.config, encoding="utf-8")

    write_once(plan.out, {"folder": str(plan.folder), "samples": len(plan.samples)}, MARKER, write)
    return written


def _legend_says() -> Text:
    return _("What the values of the masks mean. Change it, and start again with --legend FILE.")


def _line(plan: Plan, sample: Sample, draft: Path, written: Written) -> Iterator[str]:
    """The line of a sample in its list; none if its mask turns out to be unreadable."""
    convert = plan.reading.converts
    mask = _convert(plan, sample, draft, written) if convert else _relative(sample.mask, plan.out)
    if mask is None:
        return
    image = _relative(sample.image, plan.out)
    if sample.name in plan.rewritten:
        image = f"images/{_stem(sample, plan)}.png"
        _save_image(sample, plan.rewritten[sample.name], draft / image)
    yield f"{image}{plan.separator}{mask}\n"


def _relative(path: Path | None, out: Path) -> str:
    """A path as a list has it: from the list's own folder on, so that both can be moved together."""
    real = Path(os.path.abspath(str(path)))
    try:
        return Path(os.path.relpath(real, out)).as_posix()
    except ValueError:  # another drive of Windows
        return real.as_posix()


def _stem(sample: Sample, plan: Plan) -> str:
    """A name of its own for a file that is written; two images may differ in their endings alone."""
    path = PurePosixPath(sample.name)
    name = str(path.with_suffix("")).lstrip("/").replace(":", "_")
    twins = plan.counts_of_stems[str(path.with_suffix(""))] > 1
    return f"{name}{path.suffix.replace('.', '_')}" if twins else name


def _convert(plan: Plan, sample: Sample, draft: Path, written: Written) -> str | None:
    from PIL import Image

    pixels, reason = read_mask(sample)
    if pixels is None:
        written.left_out.append(LeftOut(sample.name, reason))
        return None
    unknown = plan.reading.unknown(pixels)
    if unknown:
        written.notes.append(
            plural("{name} holds the value {values}, which no other mask held: it is ignored",
                   "{name} holds the values {values}, which no other mask held: they are ignored",
                   len(unknown), name=sample.mask_name, values=describe(unknown, plan.reading.colors))
        )  # fmt: skip
    path = f"masks/{_stem(sample, plan)}.png"
    (draft / path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(plan.reading.labels(pixels)).save(draft / path)
    return path


def _save_image(sample: Sample, why: str, path: Path) -> None:
    """An image as it is stored, without the EXIF tag that turns it; or in a format that OpenCV reads."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(sample.image) as picture:
        array: Any = np.asarray(picture.convert("RGB"))
    Image.fromarray(array).save(path)
