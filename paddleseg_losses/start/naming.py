"""What the name of a picture says: image or mask, of which part, and which picture belongs to it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

# Of folders, and of the first or last words of a file's name. Of several masks of an image the first kind is meant.
_MASKS = (
    "labeltrainids trainids",
    "labelids",
    "manual 1st_manual segmentationclass segmentationclasspng segmentationclassaug gt gtfine groundtruth ground_truth",
    """mask masks label labels lbl annotation annotations annot ann truth segmentation segmentations seg segs target
    targets matte 标签 标注 掩码 掩膜""",
)
_IMAGES = """image images img imgs jpegimages photo photos picture pictures leftimg8bit rgb input inputs original
    originals 图像 图片 原图"""
_UNUSED = """segmentationobject instanceids overlay overlays vis visualization visualisation preview previews
    2nd_manual fov"""
_RANKS = {word: rank for rank, words in enumerate(_MASKS) for word in words.split()}
_ROLES = {
    **dict.fromkeys(_RANKS, "mask"),
    **dict.fromkeys(_IMAGES.split(), "image"),
    **dict.fromkeys(_UNUSED.split(), "unused"),
}
PARTS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "训练": "train", "验证": "val", "测试": "test", "训练集": "train",
    "验证集": "val", "测试集": "test",
}  # fmt: skip
_SECOND_ENDINGS = (".ome", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".nii")
_BLANK, _NUMBER = re.compile(r"[\s_.\-]+"), re.compile(r"(?<=[^\W\d_])(?=\d)")


@dataclass(frozen=True)
class Named:
    """A picture, and what its name says."""

    path: Path
    name: str  # from the root on
    role: str  # 'mask', 'image', 'unused', or nothing
    part: str  # 'train', 'val', 'test', or nothing
    folder: str  # what folders say besides: a patient, a city
    key: str  # the file's name without what tells image and mask apart
    rank: int = len(_MASKS)  # of several masks with the same key, the lowest is meant


def read_name(path: Path, name: str, given: Mapping[str, str] | None = None) -> Named:
    """What a name says.

    Args:
        path: of the file.
        name: the same from the root on, with slashes.
        given: the role of folders, where a user has said it; then no word counts.
    """
    *folders, last = name.split("/")
    role, part, rank, rest = "", "", len(_MASKS), []
    for folder in folders:
        words = _folder_words(folder)
        part = next((PARTS[word] for word in words if word in PARTS), part)
        for word in words:
            role, rank = _ROLES.get(word, role), _RANKS.get(word, rank)
        rest.append("_".join(word for word in words if word not in _ROLES and word not in PARTS))
    key, said, own_rank = _read_stem(_stem(last))
    if said in ("mask", "unused") or not role:
        role = said or role
    if given:
        role = next((role for folder, role in given.items() if _is_below(name, folder)), "")
    return Named(path, name, role, part, "/".join(filter(None, rest)), key, min(rank, own_rank))


@cache
def _folder_words(folder: str) -> list[str]:
    """A folder's name as one word that is known, or its words."""
    whole = re.sub(r"[\s\-]+", "_", folder.lower().strip())
    return [whole] if whole in _ROLES or whole in PARTS else [word for word in whole.split("_") if word]


def _is_below(name: str, folder: str) -> bool:
    return PurePosixPath(folder.replace("\\", "/")) in PurePosixPath(name).parents


def _stem(file: str) -> str:
    """The name without its endings: `a.ome.tif` has two."""
    stem = os.path.splitext(file)[0]
    inner, second = os.path.splitext(stem)
    return inner if second.lower() in _SECOND_ENDINGS else stem


def _read_stem(stem: str) -> tuple[str, str, int]:
    """What is left of a stem without the words for image, mask and part at its ends; the role they say; the rank."""
    words = [part for word in _BLANK.split(stem.lower()) if word for part in _parted(word)]
    if len(words) > 2 and words[-1].isdigit() and words[-2] in _RANKS and words[-2] != words[0]:
        words.pop()  # x_manual1, x_mask_0
    taken: list[str] = []
    while words and (words[-1] in _ROLES or _is_ornament(words, taken)):
        taken.append(words.pop())
    while words and words[0] in _ROLES:
        taken.append(words.pop(0))
    said = [_ROLES[word] for word in taken if word in _ROLES]
    role = next((role for role in ("unused", "mask", "image") if role in said), "")
    return "_".join(words), role, min((_RANKS.get(word, len(_MASKS)) for word in taken), default=len(_MASKS))


def _parted(word: str) -> list[str]:
    """A word and the number behind it, as in `mask12`, unless both together are known, as in `leftimg8bit`."""
    return [word] if word in _ROLES else _NUMBER.split(word)


def _is_ornament(words: list[str], taken: list[str]) -> bool:
    """A last word that says nothing of the picture: the part in `21_training`, a color in `x_gtFine_color`."""
    before = words[-2] if len(words) > 1 else ""
    if words[-1] in ("color", "colour"):
        return before in _RANKS
    return words[-1] in PARTS and (before.isdigit() or bool(taken and before))
