"""Whether the files of a data set are there, and whether each mask has the size of its image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..i18n import Text, _
from ..sample_files import is_cut
from .counting import MaskProblem
from .mask_sources import Pair

_ORIENTATION = 0x0112  # the EXIF tag: 1 is upright, above 4 width and height are swapped


def check_pairs(pairs: Sequence[Pair], multilabel: bool = False) -> dict[str, MaskProblem]:
    """Problems by kind; only the heads and the ends of the files are read.

    The kinds: 'images_missing', 'masks_missing', 'images_unreadable', 'masks_unreadable', 'sizes', 'swapped' (width and
    height), 'stacked' (several times as high or as wide as the image), 'exif' (a rotation that the mask lacks) and
    'exif_unclear' (one that the mask may lack).

    Args:
        pairs: the files.
        multilabel: whether a pixel may have several labels; then PaddleSeg's newest code wants the masks stacked.
    """
    problems: dict[str, MaskProblem] = {}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for pair, (kind, detail) in zip(pairs, pool.map(examine, pairs)):
            if kind:
                if kind == "stacked" and multilabel:
                    continue
                what = str(_("{place}: {found}", place=pair.where, found=detail))
                problems.setdefault(kind, MaskProblem()).add(MaskProblem(1, [what]))
    return problems


def examine(pair: Pair) -> tuple[str, Text]:
    """The kind of a pair's problem, as `check_pairs` names them, and what it is; an empty kind if there is none."""
    for kind, path in (("images_missing", pair.image), ("masks_missing", pair.mask)):
        if not path.is_file():
            return kind, str(path)
    try:
        stored, orientation = _head(pair.image)
    except Exception as error:
        return "images_unreadable", _why(pair.image, error)
    if not _opencv_reads(pair.image):
        return "images_unreadable", f"{pair.image} (OpenCV)"
    try:
        mask, _upright = _head(pair.mask)
    except Exception as error:
        return "masks_unreadable", _why(pair.mask, error)
    image, turned = _as_loaded(pair.image, stored, orientation)
    sizes = {"mask": pair.mask, "image": pair.image, "mask_size": _size(mask), "image_size": _size(image)}
    if turned and mask == stored:
        return "exif" if image != stored else "exif_unclear", _size_words(sizes)
    return _misfit(mask, image), _size_words(sizes)


def _misfit(mask: tuple[int, int], image: tuple[int, int]) -> str:
    """The kind of difference between two sizes; a mask of several labels a pixel can be [C * H, W] or [H, C * W]."""
    if mask == image:
        return ""
    if mask == image[::-1]:
        return "swapped"
    same = [mask[axis] == image[axis] for axis in (0, 1)]
    several = [mask[axis] >= 2 * image[axis] and mask[axis] % image[axis] == 0 for axis in (0, 1)]
    return "stacked" if (same[0] and several[1]) or (same[1] and several[0]) else "sizes"


def _size_words(sizes: dict[str, Any]) -> Text:
    return _("{mask} has {mask_size} pixels, {image} {image_size}", **sizes)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _head(path: Path) -> tuple[tuple[int, int], int]:
    """Width and height of a picture that is whole, and how it is turned."""
    from PIL import Image

    with Image.open(path) as picture:
        head = picture.size, picture.getexif().get(_ORIENTATION, 1)
    if is_cut(path):
        raise _CutOffError
    return head


class _CutOffError(Exception):
    """A file ends too early."""


def _why(path: Path, error: Exception) -> Text:
    return _("{path} is cut off", path=path) if isinstance(error, _CutOffError) else f"{path} ({type(error).__name__})"


def _opencv_reads(path: Path) -> bool:
    """Whether PaddleSeg can read an image of this format: GIF for example depends on the version of OpenCV."""
    try:
        import cv2
    except ImportError:
        return True
    return not hasattr(cv2, "haveImageReader") or cv2.haveImageReader(str(path))


def _as_loaded(path: Path, size: tuple[int, int], orientation: int) -> tuple[tuple[int, int], bool]:
    """Width and height as OpenCV reads an image, and whether it turns or mirrors it: that depends on its format."""
    if orientation not in range(2, 9):
        return size, False
    try:
        import cv2
    except ImportError:
        return (size[::-1] if orientation > 4 else size), True
    loaded, raw = (cv2.imread(str(path), cv2.IMREAD_COLOR | flag) for flag in (0, cv2.IMREAD_IGNORE_ORIENTATION))
    if loaded is None or raw is None or (loaded.shape == raw.shape and (loaded == raw).all()):
        return size, False
    return (loaded.shape[1], loaded.shape[0]), True
