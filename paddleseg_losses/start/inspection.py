"""Opening the files of the samples: which can be trained on, which images have to be saved anew, which are left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Pair, examine
from ..errors import LossError
from ..i18n import Message, Text, _
from .pixels import Pixels, Seen
from .scanning import LeftOut
from .sources import Sample

_REASONS = {
    "images_missing": _("the image is not there: {what}"),
    "masks_missing": _("the mask is not there: {what}"),
    "images_unreadable": _("the image cannot be read: {what}"),
    "masks_unreadable": _("the mask cannot be read: {what}"),
    "sizes": _("image and mask have different sizes: {what}"),
    "stacked": _("image and mask have different sizes: {what}"),
    "swapped": _("width and height of the mask are swapped: {what}"),
    "annotated": _("its annotations are for an image of another size: {what}"),
    "exif_unclear": _("its EXIF tag turns the image, and nothing tells whether the mask fits it turned or not: {what}"),
}


_USED = ("", "exif", "format", "deep")


@dataclass
class Inspected:
    """What can be used."""

    samples: list[Sample] = field(default_factory=list)
    rewritten: dict[str, str] = field(default_factory=dict)  # images to save anew: 'exif' or 'format'
    left_out: list[LeftOut] = field(default_factory=list)
    deep: tuple[str, int] | None = None  # an image of 16 bits, and its brightest value of 255 as OpenCV reads it


def inspect_files(samples: Sequence[Sample], progress: Callable[[int], object]) -> Inspected:
    """Look at the heads and ends of all files."""
    inspected = Inspected()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for number, (sample, (kind, what)) in enumerate(zip(samples, pool.map(_look, samples)), 1):
            progress(number)
            if kind in ("exif", "format"):
                inspected.rewritten[sample.name] = kind
            if kind in _USED:
                inspected.samples.append(sample)
                inspected.deep = inspected.deep or (_brightest(sample) if kind == "deep" else None)
            else:
                reason = _REASONS[kind].template
                inspected.left_out.append(LeftOut(sample.name, Message(reason, what=what)))
    return inspected


def _look(sample: Sample) -> tuple[str, Text]:
    """The kind of what is special about a sample, and what it is."""
    kind, what = _look_at_files(sample)
    if sample.size is not None and kind in _USED:
        return _look_at_size(sample, sample.size) or (kind, what)
    return kind, what


def _look_at_files(sample: Sample) -> tuple[str, Text]:
    is_array = sample.mask is not None and sample.mask.suffix.lower() == ".npy"
    mask = sample.image if sample.mask is None or is_array else sample.mask
    kind, what = examine(Pair(sample.image, mask, sample.name))
    if is_array and not kind:
        return _look_at_array(sample)
    if kind == "images_unreadable" and sample.image.suffix.lower() in (".gif", ".webp"):
        frames = _frames(sample.image)
        if frames == 1:
            return "format", ""
        return kind, _("{name} holds {count} pictures", name=sample.name, count=frames) if frames else what
    if kind == "exif_unclear" and sample.mask is None:  # the size that its annotations say tells
        kind = ""
    return (kind, what) if kind else _look_at_mode(sample.image)


def _look_at_size(sample: Sample, annotated: tuple[int, int]) -> tuple[str, Text] | None:
    """Whether annotations are for an image of another size than the stored one: outlines are drawn on that."""
    size = _stored_size(sample.image)
    sizes = {"width": size[0], "height": size[1], "said_width": annotated[0], "said_height": annotated[1]}
    what = _("it has {width} x {height} pixels, its annotations say {said_width} x {said_height}", **sizes)
    return None if size == annotated else ("annotated", what)


def _stored_size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.size  # type: ignore[no-any-return]


def _look_at_array(sample: Sample) -> tuple[str, Text]:
    """Whether an array of NumPy has the size of its image."""
    try:
        shape = np.load(str(sample.mask), mmap_mode="r", allow_pickle=False).shape
    except (ValueError, OSError) as error:
        return "masks_unreadable", f"{sample.mask} ({type(error).__name__})"
    fits = tuple(shape[:2]) == _stored_size(sample.image)[::-1]
    return ("", "") if fits else ("sizes", _("{mask} has shape {shape}", mask=sample.mask_name, shape=list(shape)))


def _frames(path: Path) -> int:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return int(getattr(picture, "n_frames", 1))
    except Exception:
        return 0


def _look_at_mode(path: Path) -> tuple[str, Text]:
    """Whether an image has 16 bits, or pixels that OpenCV may know by name but cannot read, such as floats."""
    from PIL import Image

    with Image.open(path) as picture:
        mode = str(picture.mode)
    if mode in ("F", "I") and not _opencv_loads(path):
        return "images_unreadable", _("OpenCV reads no pixels of mode {mode}", mode=mode)
    return ("deep" if mode.startswith("I") else ""), ""


def _brightest(sample: Sample) -> tuple[str, int]:
    from PIL import Image

    with Image.open(sample.image) as picture:
        return sample.name, int(np.asarray(picture).max()) >> 8


def _opencv_loads(path: Path) -> bool:
    try:
        import cv2
    except ImportError:
        return True
    return cv2.imread(str(path)) is not None


def count_values(
    samples: Sequence[Sample], most: int, progress: Callable[[int], object]
) -> tuple[Seen, list[Sample], list[LeftOut]]:
    """What the masks hold; of many, some spread over all. Gives the samples without those that cannot be read."""
    chosen = spread(samples, most)
    seen, broken, left_out = Seen(), set(), []
    for number, sample in enumerate(chosen, 1):
        progress(number)
        pixels, reason = read_mask(sample)
        if pixels is None:
            broken.add(sample.name)
            left_out.append(LeftOut(sample.name, reason))
        else:
            seen.add(sample.mask_name, pixels)
    return seen, [each for each in samples if each.name not in broken], left_out


def read_mask(sample: Sample) -> tuple[Pixels | None, Text]:
    """The pixels of a mask, or why there are none."""
    try:
        pixels = sample.read()
    except LossError as error:
        return None, _("the mask {mask} cannot be used: {error}", mask=sample.mask_name, error=error.found)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        return None, _("the mask {mask} cannot be used: {error}", mask=sample.mask_name, error=what)
    return pixels, ""


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many, spread evenly."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(most - 1, 1))] for i in range(most)]
