"""Which samples are trained on, validated on and tested on: by patient or scene where names tell, else by image."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DataError
from ..i18n import Text, _, plural
from .sources import Sample

_FEWEST = 5  # groups by the name alone: fewer may as well be classes, or cameras
_TRIES = 20  # draws, of which the one is taken that leaves most classes in every part
_WHO = re.compile(
    r"(?:^|[\W_])((?:patient|subject|subj|sub|case|scene|video|vid|sequence|seq|slide|pat|pid|volume|vol|患者|病例|视频|场景)"
    r"[\W_]?\d+)",
    re.IGNORECASE,
)
_FRAMES = ("slice", "frame", "z", "t", "img", "image", "tile", "patch", "crop")  # before a number


@dataclass
class Split:
    """The part of each sample."""

    parts: dict[str, list[Sample]]
    groups: int = 0  # 0: each image for itself
    notes: list[Text] = field(default_factory=list)


def split(
    samples: Sequence[Sample],
    val: float,
    test: float,
    seed: int,
    pattern: str | None = None,
    values: Mapping[str, Collection[int]] | None = None,
) -> Split:
    """Divide samples.

    Args:
        samples: all of them.
        val: share to validate on.
        test: share to test on.
        seed: the same one divides the same samples the same way.
        pattern: a regular expression that finds the group in a name.
        values: those of each mask, by its name.

    Raises:
        DataError: there are too few.
    """
    given = defaultdict(list)
    for each in samples:
        given[each.part].append(each)
    if given["train"] and given["val"] and not given[""]:
        return Split({part: given[part] for part in ("train", "val", "test") if given[part]},
                     notes=[_("the parts are those of the folder")])  # fmt: skip
    kept = {"test": given["test"]} if given["test"] and (given["train"] or given[""]) else {}
    rest = [each for each in samples if each.part != "test" or not kept]
    groups = group_samples(rest, pattern)
    by_group: dict[str, list[Sample]] = defaultdict(list)
    for each in rest:
        by_group[groups.get(each.name, each.name)].append(each)
    if len(by_group) < 2:
        raise _too_few(rest, len(by_group), bool(groups))
    drawn = _best_draw(by_group, {"val": val, **({} if kept else {"test": test})}, seed, values or {})
    result = Split({**drawn, **kept}, len(by_group) if groups else 0)
    result.notes.append(
        _("split by group, {count} of them, such as {name}", count=len(by_group), name=min(by_group))
        if groups
        else _("split by image: no name tells a patient or a scene")
    )
    if kept:
        result.notes.append(_("the test part is that of the folder"))
    return result


def group_samples(samples: Sequence[Sample], pattern: str | None = None) -> dict[str, str]:
    """The group of each sample by its name; nothing where names tell of none."""
    if pattern is not None:
        return _by_pattern(samples, pattern)
    for group, fewest in ((_spoken, 2), (_folder, _FEWEST), (_frame, _FEWEST)):
        groups = {each.name: group(each) for each in samples}
        if all(groups.values()) and fewest <= len(set(groups.values())) <= 0.7 * len(samples):
            return groups
    return {}


def _by_pattern(samples: Sequence[Sample], pattern: str) -> dict[str, str]:
    try:
        matches = {each.name: re.search(pattern, each.name) for each in samples}
    except re.error as error:
        raise DataError(
            _("--group {pattern!r} is not a regular expression: {error}.", pattern=pattern, error=error),
            _("a pattern such as {example}", example=r"'patient(\d+)'"),
            _("put it in quotes"),
        ) from None
    groups = {name: match.group(1 if match.re.groups else 0) or "" for name, match in matches.items() if match}
    missing = next((each.name for each in samples if each.name not in groups), None)
    if missing is not None:
        raise DataError(
            _("--group {pattern!r} finds nothing in {name}.", pattern=pattern, name=missing),
            _("a pattern that matches every name"),
            _("names are paths inside the folder, with slashes"),
        )
    return groups


def _spoken(sample: Sample) -> str:
    match = _WHO.search(sample.name)
    return re.sub(r"[\W_]", "", match.group(1).lower()) if match else ""


def _folder(sample: Sample) -> str:
    return sample.folder


def _frame(sample: Sample) -> str:
    """The name without the number of a frame or slice at its end, `video_3` of `video_3_frame_0012`."""
    *words, last = sample.key.split("_")
    if not last.isdigit():
        return ""
    while words and words[-1] in _FRAMES:
        words.pop()
    return "/".join(filter(None, (sample.folder, "_".join(words)))) if words else ""


def _best_draw(
    groups: Mapping[str, list[Sample]], shares: Mapping[str, float], seed: int, values: Mapping[str, Collection[int]]
) -> dict[str, list[Sample]]:
    """Of some draws the first that leaves the most values in every part: a class may lie in few images."""
    draws = (_draw(groups, shares, random.Random(f"{seed}/{attempt}")) for attempt in range(_TRIES))
    return max(draws, key=lambda parts: sum(len(_values(part, values)) for part in parts.values()))


def _values(samples: Sequence[Sample], values: Mapping[str, Collection[int]]) -> set[int]:
    return {value for each in samples for value in values.get(each.mask_name, ())}


def _draw(
    groups: Mapping[str, list[Sample]], shares: Mapping[str, float], dice: random.Random
) -> dict[str, list[Sample]]:
    order = sorted(groups)
    dice.shuffle(order)
    total = sum(map(len, groups.values()))
    parts: dict[str, list[Sample]] = {"train": []}
    for part, share in shares.items():
        taken: list[Sample] = []
        while share > 0 and len(order) > 1 and (not taken or len(taken) + len(groups[order[-1]]) / 2 <= share * total):
            taken += groups[order.pop()]
        if taken:
            parts[part] = sorted(taken, key=lambda each: each.name)
    parts["train"] = sorted((each for name in order for each in groups[name]), key=lambda each: each.name)
    return parts


def _too_few(samples: Sequence[Sample], groups: int, grouped: bool) -> DataError:
    found = (
        _("All {count} images belong to one group.", count=len(samples))
        if grouped and groups
        else plural("There is {count} image with a mask.", "There are {count} images with masks.", len(samples))
    )
    return DataError(found, _("at least two: one to train on, one to validate on"), _("add images, or change --group"))
