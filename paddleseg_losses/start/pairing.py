"""Which mask belongs to which image, by their names and the folders that they lie in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable

from ..errors import DataError
from ..i18n import CLAUSES, Text, _, listed, plural
from .naming import Named, read_name
from .scanning import Files, LeftOut

_LOSSY = (".jpg", ".jpeg", ".webp", ".bmp")  # beside a picture of the same name with another ending: the image
_UNMATCHED = {"image": _("no mask belongs to it"), "mask": _("no image belongs to it")}


@dataclass
class Pairing:
    """Pairs, what is left, and what had to be decided."""

    pairs: list[tuple[Named, Named]] = field(default_factory=list)
    merged: list[tuple[Named, list[Named]]] = field(default_factory=list)  # a mask for each object of an image
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)


def pair_by_name(
    files: Files, given: Mapping[str, str] | None = None, is_mask: Callable[[Path], bool] = lambda path: False
) -> Pairing:
    """Find the pairs among the pictures of a folder.

    Args:
        files: those of the folder.
        given: the role of folders, where a user has said it.
        is_mask: looks at a picture, where names say nothing.
    """
    named = [read_name(path, files.name(path), given) for path in files.pictures]
    pairing = Pairing()
    named = _with_roles(named, is_mask, pairing)
    pairing.left_out += [LeftOut(each.name, _("not a mask of classes")) for each in named if each.role == "unused"]
    images, masks = ([each for each in named if each.role == role] for role in ("image", "mask"))
    for rule in (_closest, _of_part, _of_folder, _of_name, _of_number):
        _match(images, masks, rule, pairing)
    _match_folders(images, masks, pairing)
    for role, rest in (("image", images), ("mask", masks)):
        pairing.left_out += [LeftOut(each.name, _UNMATCHED[role]) for each in rest]
    pairing.pairs.sort(key=lambda pair: pair[0].name)
    return pairing


def _with_roles(named: list[Named], is_mask: Callable[[Path], bool], pairing: Pairing) -> list[Named]:
    """Decide what pictures are whose names do not say it."""
    roles = Counter(each.role for each in named)
    if not roles[""]:
        return named
    unsaid = [each for each in named if not each.role]
    if roles["mask"] and not roles["image"]:
        return _replaced(named, dict.fromkeys((each.name for each in unsaid), "image"))
    if roles["image"] and not roles["mask"]:
        return _replaced(named, dict.fromkeys((each.name for each in unsaid), "mask"))
    if roles["image"]:
        return _replaced(named, dict.fromkeys((each.name for each in unsaid), "unused"))
    for rule in (_by_added_word, _by_ending):
        changed = rule(unsaid)
        if changed:
            return _renamed(named, changed)
    return _replaced(named, _by_folder(unsaid, is_mask, pairing))


def _replaced(named: list[Named], roles: Mapping[str, str]) -> list[Named]:
    return [replace(each, role=roles.get(each.name, each.role)) for each in named]


def _renamed(named: list[Named], roles: Mapping[str, tuple[str, str]]) -> list[Named]:
    """With other roles and keys."""
    return [
        replace(each, role=roles[each.name][0], key=roles[each.name][1]) if each.name in roles else each
        for each in named
    ]


def _by_added_word(named: Sequence[Named]) -> dict[str, tuple[str, str]]:
    """`a.png` and `a_L.png`: the same word at the end of all masks."""
    keys = {(each.folder, each.part, each.key) for each in named}
    added: Counter[str] = Counter()
    for each in named:
        head, _mark, word = each.key.rpartition("_")
        if head and (each.folder, each.part, head) in keys:
            added[word] += 1
    (word, count), *_more = added.most_common(1) or [("", 0)]
    if count < max(len(named) // 4, 1) or word.isdigit():
        return {}
    ending = f"_{word}"
    return {
        each.name: ("mask", each.key.removesuffix(ending)) if each.key.endswith(ending) else ("image", each.key)
        for each in named
    }


def _by_ending(named: Sequence[Named]) -> dict[str, tuple[str, str]]:
    """`a.jpg` and `a.png`."""
    lossy = [each.path.suffix.lower() in _LOSSY for each in named]
    keys = [
        {(e.folder, e.part, e.key) for e, is_lossy in zip(named, lossy) if is_lossy is kind} for kind in (False, True)
    ]
    if len(keys[0] & keys[1]) < max(len(named) // 4, 1):
        return {}
    return {each.name: ("image" if is_lossy else "mask", each.key) for each, is_lossy in zip(named, lossy)}


def _by_folder(named: Sequence[Named], is_mask: Callable[[Path], bool], pairing: Pairing) -> dict[str, str]:
    """Folders whose names are not known, such as `A` and `B`: looks at a few pictures of each."""
    folders: dict[str, list[Named]] = defaultdict(list)
    for each in named:
        folders[each.name.rpartition("/")[0]].append(each)
    if len(folders) < 2:
        return {}
    roles = {}
    for folder, inside in folders.items():
        votes = [is_mask(each.path) for each in inside[:: max(len(inside) // 5, 1)][:5]]
        roles[folder] = "mask" if sum(votes) * 2 > len(votes) else "image"
    if len(set(roles.values())) < 2:
        return {}
    masks = ", ".join(folder for folder, role in roles.items() if role == "mask")
    pairing.notes.append(
        _("no name says which folder holds the masks; judging by the pixels it is {folders}", folders=masks)
    )
    return {each.name: roles[folder] for folder, inside in folders.items() for each in inside}


def _closest(each: Named) -> Any:
    return each.part, each.folder, each.key


def _of_part(each: Named) -> Any:
    return each.part, each.key


def _of_folder(each: Named) -> Any:
    return each.folder, each.key


def _of_name(each: Named) -> Any:
    return each.key


def _of_number(each: Named) -> Any:
    return tuple(re.findall(r"\d+", f"{each.folder}/{each.key}")) or None


def _match(images: list[Named], masks: list[Named], rule: Callable[[Named], Any], pairing: Pairing) -> None:
    """Pair what a rule says, and take it out of the lists."""
    image_groups, mask_groups = _grouped(images, rule), _grouped(masks, rule)
    taken: set[str] = set()
    for key, group in image_groups.items():
        partners = mask_groups.get(key, [])
        if key is None or not partners or (rule is not _closest and len(group) > 1):
            continue
        best = _best(partners)
        if best is None:
            if rule is _closest:
                taken |= _ambiguous(group, partners, pairing)
            continue
        image, *twins = group
        taken |= {each.name for each in (*group, *partners)}
        pairing.pairs.append((image, best))
        _say_unused(image, twins, [each for each in partners if each is not best], pairing)
    images[:] = [each for each in images if each.name not in taken]
    masks[:] = [each for each in masks if each.name not in taken]


def _match_folders(images: list[Named], masks: list[Named], pairing: Pairing) -> None:
    """A folder for each image, with a mask for each of its objects, whatever they are called."""
    image_groups, mask_groups = ({key: group for key, group in _grouped(named, _of_place).items() if key[1]}
                                 for named in (images, masks))  # fmt: skip
    for key in image_groups.keys() & mask_groups.keys():
        if len(image_groups[key]) == 1:
            pairing.merged.append((image_groups[key][0], mask_groups[key]))
    taken = {each.name for image, objects in pairing.merged for each in (image, *objects)}
    images[:] = [each for each in images if each.name not in taken]
    masks[:] = [each for each in masks if each.name not in taken]


def _of_place(each: Named) -> tuple[str, str]:
    return each.part, each.folder


def _grouped(named: Iterable[Named], rule: Callable[[Named], Any]) -> dict[Any, list[Named]]:
    groups: dict[Any, list[Named]] = defaultdict(list)
    for each in named:
        groups[rule(each)].append(each)
    return groups


def _best(masks: Sequence[Named]) -> Named | None:
    """The mask that is meant, if one is."""
    first, *others = sorted(masks, key=lambda each: each.rank)
    return None if others and others[0].rank == first.rank else first


def _ambiguous(images: Sequence[Named], masks: Sequence[Named], pairing: Pairing) -> set[str]:
    names = ", ".join(each.name for each in masks[:3]) + (", ..." if len(masks) > 3 else "")
    text = plural("{count} mask could belong to it: {names}", "{count} masks could belong to it: {names}",
                  len(masks), names=names)  # fmt: skip
    pairing.left_out += [LeftOut(each.name, text) for each in images]
    return {each.name for each in (*images, *masks)}


def _say_unused(image: Named, twins: Sequence[Named], others: Sequence[Named], pairing: Pairing) -> None:
    same = _("another image has the same name: {other}", other=image.name)
    pairing.left_out += [LeftOut(each.name, same) for each in twins]
    pairing.left_out += [LeftOut(each.name, _("another mask of {image} is used", image=image.name)) for each in others]


def nothing_paired(files: Files, pairing: Pairing) -> DataError:
    """Why no pair was found."""
    reasons = Counter(str(each.reason) for each in pairing.left_out)
    first = {str(each.reason): each.name for each in reversed(pairing.left_out)}
    shown = [_("{place}: {found}", place=first[each], found=each) for each, _count in reasons.most_common(3)]
    described = (
        _("No image of {folder} has a mask: {count} pictures, {shown}.",
          folder=files.root, count=len(files.pictures), shown=listed(shown, CLAUSES))
        if shown
        else _("Nothing tells images from masks among the {count} pictures of {folder}.",
               folder=files.root, count=len(files.pictures))
    )  # fmt: skip
    unread = next((each.name for each in files.left_out if each.name.lower().endswith(".json")), None)
    folders = _("say which folders hold what: --image_dir NAME --mask_dir NAME")
    return DataError(
        described,
        _("an image and a mask with the same name: in two folders, with another ending, or with _mask behind it"),
        folders if unread is None else _("repair {file} if it tells the masks; else {cure}", file=unread, cure=folders),
    )
