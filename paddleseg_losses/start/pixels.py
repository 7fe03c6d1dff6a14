"""Reading a mask, however it was saved, as one number for each pixel: a label, or a packed color."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..i18n import Text, _

Array = Any
LOSSY = (".jpg", ".jpeg", ".webp")
MOST_VALUES = 4096  # different ones in all masks that are told apart
_GREY = 0x010101
_FEW = 32  # values that make up nearly all of a mask, but not of a photograph


@dataclass(frozen=True)
class Pixels:
    """A mask."""

    values: Array  # [H, W], integers; with three channels red * 65536 + green * 256 + blue
    channels: int = 1  # 1 or 3
    unusual: Text = ""  # why a trainer would misread the file


def read_pixels(path: Path) -> Pixels:
    """Read a file.

    Raises:
        DataError: it is no mask: animated, fractions, more than four channels.
        Exception: it is broken.
    """
    if path.suffix.lower() == ".npy":
        return _from_array(np.load(path, allow_pickle=False), _("an array of NumPy"))
    from PIL import Image

    with Image.open(path) as picture:
        frames = getattr(picture, "n_frames", 1)
        if frames > 1:
            raise DataError(_("it holds {count} pictures", count=frames), _("one picture"), _("save each as a file"))
        mode = picture.mode
        if mode in ("CMYK", "YCbCr", "HSV", "LAB"):
            picture = picture.convert("RGB")
        array = np.asarray(picture)
    if mode == "1":
        return Pixels(array.astype("uint8"), 1, _("1 bit a pixel"))
    return _from_array(array, "" if mode in ("L", "P") else _("pixels of mode {mode}", mode=mode))


def read_objects(paths: Sequence[Path]) -> Pixels:
    """One mask of 0 and 1 from a file for each object."""
    masks = [read_pixels(path).values > 0 for path in paths]
    return Pixels(np.logical_or.reduce(masks).astype("uint8"), 1, _("a file for each object"))


def _from_array(array: Array, unusual: Text) -> Pixels:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype.kind == "b":
        array = array.astype("uint8")
    if array.dtype.kind == "f":
        array, unusual = _whole(array), unusual or _("fractions")
    if array.dtype.kind not in "iu" or array.ndim not in (2, 3):
        raise DataError(_("it holds {shape} {type}", shape=list(array.shape), type=array.dtype), _("labels"), "")
    if array.ndim == 2:
        return Pixels(array, 1, unusual)
    return _from_channels(array, unusual)


def _whole(array: Array) -> Array:
    if not np.isfinite(array).all() or (array != np.round(array)).any():
        raise DataError(_("it holds fractions"), _("whole numbers"), _("save the labels as integers"))
    return array.astype("int64")


def _from_channels(array: Array, unusual: Text) -> Pixels:
    """Grey with alpha, colors, colors with alpha; the mask may be in the alpha channel alone."""
    count = array.shape[2]
    if count > 4 or array.dtype != np.uint8:
        raise DataError(_("it holds {shape} {type}", shape=list(array.shape), type=array.dtype), _("labels"), "")
    if count in (2, 4):
        alpha, array = array[..., -1], array[..., :-1]
        if (alpha != alpha.flat[0]).any():
            if (array == array[:1, :1]).all():
                return Pixels(alpha, 1, unusual)
            array = array * (alpha > 0)[..., np.newaxis].astype("uint8")  # what is transparent is background
    if array.shape[2] == 1:
        return Pixels(array[..., 0], 1, unusual)
    red, green, blue = np.moveaxis(array.astype("int32"), 2, 0)
    return Pixels(red * 65536 + green * 256 + blue, 3, unusual)


@dataclass
class Seen:
    """What masks hold, all together."""

    masks: int = 0
    pixels: Counter[int] = field(default_factory=Counter)  # of each value
    images: Counter[int] = field(default_factory=Counter)  # masks with it
    first: dict[int, str] = field(default_factory=dict)  # one of them
    of_mask: dict[str, frozenset[int]] = field(default_factory=dict)  # the values of each mask
    unusual: dict[str, str] = field(default_factory=dict)  # why files cannot be used as they are, and the first so
    colors: bool = False  # whether the values are packed colors
    lossy: str = ""  # a mask in a format that changes values

    def add(self, name: str, pixels: Pixels) -> None:
        """Count a mask."""
        values, counts = np.unique(pixels.values, return_counts=True)
        if pixels.channels == 3:
            self.unusual.setdefault(str(_("three channels")), name)
            self.colors = self.colors or bool((values % 256 * _GREY != values).any())
        elif pixels.unusual:
            self.unusual.setdefault(str(pixels.unusual), name)
        if pixels.channels == 1 and ((values < 0) | (values > 255)).any():
            self.unusual.setdefault(str(_("values beyond 0 to 255")), name)
        labels = [int(value) for value in values[:MOST_VALUES]]
        self.masks += 1
        self.pixels.update(dict(zip(labels, map(int, counts))))
        self.images.update(labels)
        self.of_mask[name] = frozenset(labels)
        for value in labels:
            self.first.setdefault(value, name)
        if name.lower().endswith(LOSSY):
            self.lossy = self.lossy or name

    def as_grey(self) -> Seen:
        """With grey values instead of packed colors, where every color is grey."""
        if self.colors or not any(value > 255 and value % 256 * _GREY == value for value in self.pixels):
            return self
        grey = {value: value % 256 if value % 256 * _GREY == value else value for value in self.pixels}
        merged = Seen(self.masks, unusual=self.unusual, lossy=self.lossy)
        for value, new in grey.items():
            merged.pixels[new] += self.pixels[value]
            merged.images[new] += self.images[value]
            merged.first.setdefault(new, self.first[value])
        merged.of_mask = {name: frozenset(grey[value] for value in values) for name, values in self.of_mask.items()}
        return merged


def to_values(pixels: Pixels, colors: bool) -> Array:
    """A mask's values as the whole data set has them: packed colors, or grey."""
    if colors:
        return pixels.values if pixels.channels == 3 else pixels.values.astype("int64") * _GREY
    return pixels.values % 256 if pixels.channels == 3 else pixels.values


def looks_like_mask(path: Path) -> bool:
    """Whether nearly all of a picture has few values, in large patches, as a mask has."""
    try:
        pixels = read_pixels(path).values
    except Exception:
        return False
    counts = np.sort(np.unique(pixels, return_counts=True)[1])[::-1]
    few = counts[:_FEW].sum() >= 0.9 * pixels.size  # JPEG adds others along the edges
    same = [(pixels[1:] == pixels[:-1]).mean(), (pixels[:, 1:] == pixels[:, :-1]).mean()]
    return bool(few and min(same) > 0.8)


def describe(values: Iterable[int], colors: bool) -> str:
    """Values or colors for a message."""
    listed = sorted(values)
    shown = [color_of(value) if colors else str(value) for value in listed[:12]]
    return ", ".join(shown) + (", ..." if len(listed) > 12 else "")


def color_of(value: int) -> str:
    """A packed color as CSS writes it."""
    return f"#{value:06x}"
