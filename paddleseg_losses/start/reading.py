"""What the values of masks mean: the classes, the ignored ones, and whether the files can be used as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import DataError
from ..i18n import Text, _, plural
from .legend import Legend
from .pixels import Pixels, Seen, describe, to_values

Array = Any
IGNORED = 255
_MOST_CLASSES = 64  # that a mask without a legend has: more are numbers of objects, or a photograph
_PEAK, _APART, _COVERED = 0.002, 40, 0.9  # share of the pixels of a value that is meant; how far apart; of all such
_NUMBERED = 8  # from so many on, numbers without gaps in every mask are those of objects
_VOC_VOID = 0xE0E0C0


@dataclass
class Reading:
    """How masks are read."""

    classes: list[tuple[int, ...]]  # the values of each class
    ignored: tuple[int, ...] = ()
    names: list[str] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    colors: bool = False
    nearest: bool = False  # values between those of the classes mean the nearest one
    objects: bool = False  # every value above 0 is an object: they are one class
    converts: bool = False  # whether new masks have to be written
    foreground: int | None = None  # the value that the transform `Foreground` makes 1

    def labels(self, pixels: Pixels) -> Array:
        """Class indices of a mask; values without a meaning are ignored."""
        values = to_values(pixels, self.colors)
        if self.objects:
            return (values > 0).astype("uint8")
        distinct, inverse = np.unique(values, return_inverse=True)
        table = np.array([self._label(int(value)) for value in distinct], "uint8")
        return table[inverse].reshape(values.shape)

    def unknown(self, pixels: Pixels) -> list[int]:
        """Values without a meaning."""
        if self.objects or self.nearest:
            return []
        present = {int(value) for value in np.unique(to_values(pixels, self.colors))}
        return sorted(present - set(self.ignored) - {value for values in self.classes for value in values})

    def _label(self, value: int) -> int:
        for label, values in enumerate(self.classes):
            if value in values:
                return label
        if value in self.ignored or not self.nearest:
            return IGNORED
        distances = [min(_distance(value, each, self.colors) for each in values) for values in self.classes]
        return int(np.argmin(distances))


def shown_values(reading: Reading, label: int) -> str:
    """The values of a class, for a table."""
    if reading.objects:
        return ("0", "> 0")[label]
    return describe(reading.classes[label], reading.colors)


def _distance(one: int, other: int, colors: bool) -> int:
    if not colors:
        return abs(one - other)
    return sum(((one >> shift & 255) - (other >> shift & 255)) ** 2 for shift in (0, 8, 16))


def propose(seen: Seen, legend: Legend | None = None) -> Reading:
    """How to read masks.

    Args:
        seen: what they hold.
        legend: what values mean, where a user has said it.

    Raises:
        DataError: nothing can be learned from them.
    """
    seen = seen.as_grey()
    reading = _by_legend(seen, legend) if legend and legend.classes else _by_values(seen)
    if len(reading.classes) < 2 and not reading.objects:
        raise _one_value(seen)
    reading.names = _names(reading, legend)
    reading.colors = seen.colors
    for why, name in seen.unusual.items():
        reading.notes.append(_("masks are rewritten, because some have {why} ({name})", why=why, name=name))
    if seen.lossy:
        reading.notes.append(
            _("masks are stored as JPEG or WebP ({name}), which changes values near boundaries", name=seen.lossy)
        )
    direct = all(values == (label,) for label, values in enumerate(reading.classes)) and set(reading.ignored) <= {
        IGNORED
    }
    binary = len(reading.classes) == 2 and all(len(values) == 1 for values in reading.classes) and not reading.ignored
    usable = not (seen.unusual or seen.lossy or seen.colors or reading.nearest or reading.objects)
    if usable and binary and not direct and reading.classes[0][0] <= IGNORED:
        reading.foreground = reading.classes[1][0]
    reading.converts = not (usable and (direct or reading.foreground is not None))
    return reading


def _by_legend(seen: Seen, legend: Legend) -> Reading:
    unknown = set(seen.pixels) - set(legend.ignored) - {value for values in legend.classes for value in values}
    reading = Reading([tuple(values) for values in legend.classes], tuple(legend.ignored))
    if unknown and seen.lossy:
        reading.nearest = True
    elif unknown:
        value = min(unknown)
        shown = describe(unknown, seen.colors)
        reading.notes.append(
            _("the legend does not name {values}, which are ignored; {name} holds the first",
              values=shown, name=seen.first[value])
        )  # fmt: skip
        reading.ignored += tuple(sorted(unknown))
    return reading


def _by_values(seen: Seen) -> Reading:
    values = sorted(seen.pixels)
    if _is_smeared(seen):
        return _by_peaks(seen)
    if not seen.colors and _are_objects(seen):
        return _by_objects(seen)
    if max(map(len, seen.of_mask.values())) > _MOST_CLASSES or len(values) > IGNORED:
        raise _too_many(seen)
    if seen.colors:
        return _by_colors(values)
    void = _void(values)
    classes = [value for value in values if value not in void]
    reading = Reading([(value,) for value in classes], tuple(void))
    shown = describe(classes, False)
    if classes == list(range(len(classes))):
        reading.notes.append(_("masks hold class indices: {values}", values=shown))
    elif len(classes) == 2:
        reading.notes.append(
            _("masks hold {low} and {high}: {high} is the foreground", low=classes[0], high=classes[1])
        )
    else:
        reading.notes.append(_("values with gaps become the classes 0, 1, 2, ...: {values}", values=shown))
    if void:
        reading.notes.append(_("ignored: {values}", values=describe(void, False)))
    return reading


def _void(values: Sequence[int]) -> list[int]:
    """Values that mark pixels to leave out: below 0, and 255 or 65535 far behind the classes."""
    below = [value for value in values if value < 0]
    rest = [value for value in values if value >= 0]
    if len(rest) > 2 and rest[-1] in (255, 65535):
        steps = np.diff(rest)
        if steps[-1] > 1 and max(steps) - min(steps) > 2 and steps[-1] == max(steps):
            return [*below, rest[-1]]
    return below


def _by_colors(values: Sequence[int]) -> Reading:
    palette = _voc_palette()
    void = [value for value in values if value == _VOC_VOID]
    classes = [value for value in values if value not in void]
    if len(classes) > 2 and set(classes) <= set(palette):
        classes.sort(key=palette.index)
        note = _("the colors are those of PASCAL VOC, whose order is kept")
    else:
        note = _("colors become classes, the darkest first: {values}", values=describe(classes, True))
    return Reading([(value,) for value in classes], tuple(void), notes=[note])


def _voc_palette(count: int = 256) -> list[int]:
    """Packed colors of classes as PASCAL VOC numbers them: the bits of the class, spread over the channels."""
    return [
        sum((index >> 3 * bit + channel & 1) << 7 - bit + 8 * (2 - channel) for bit in range(3) for channel in range(3))
        for index in range(count)
    ]


def _is_smeared(seen: Seen) -> bool:
    """Whether values lie between those that are meant: by JPEG, or by smoothing."""
    if seen.lossy:
        return True
    if len(seen.pixels) <= 16:
        return False
    total = sum(seen.pixels.values())
    peaks = _peaks(seen)
    return len(peaks) < len(seen.pixels) and sum(seen.pixels[value] for value in peaks) >= _COVERED * total


def _peaks(seen: Seen) -> list[int]:
    """Values that many pixels have, none near another that has more."""
    total = sum(seen.pixels.values())
    peaks: list[int] = []
    for value, count in seen.pixels.most_common(10 * _MOST_CLASSES):
        if count >= _PEAK * total and not any(_is_near(value, peak, seen.colors) for peak in peaks):
            peaks.append(value)
    return sorted(peaks)


def _is_near(value: int, peak: int, colors: bool) -> bool:
    return _distance(value, peak, colors) <= (_APART**2 if colors else _APART // 2)


def _by_peaks(seen: Seen) -> Reading:
    peaks, total = _peaks(seen), sum(seen.pixels.values())
    near = [value for value in seen.pixels if any(_is_near(value, peak, seen.colors) for peak in peaks)]
    if sum(seen.pixels[value] for value in near) < _COVERED * total or len(peaks) > _MOST_CLASSES:
        raise _too_many(seen)
    note = _("other values are read as the nearest of {values}", values=describe(peaks, seen.colors))
    return Reading([(value,) for value in peaks], nearest=True, notes=[note])


def _are_objects(seen: Seen) -> bool:
    """Whether each mask numbers its objects: 0, 1, 2, ... without gaps, and more of them in one than in another."""
    most = [max(values) for values in seen.of_mask.values()]
    dense = sum(len(values) >= 0.9 * (max(values) + 1) for values in seen.of_mask.values())
    return min(seen.pixels) == 0 and max(most) >= _NUMBERED and len(set(most)) > 1 and dense >= 0.9 * len(most)


def _by_objects(seen: Seen) -> Reading:
    note = _(
        "masks number their objects, up to {count} of them: what is not 0 is the foreground; if the numbers are "
        "classes, say so with --legend FILE",
        count=max(seen.pixels),
    )
    return Reading([(0,), ()], objects=True, notes=[note])


def _too_many(seen: Seen) -> DataError:
    name, values = max(seen.of_mask.items(), key=lambda pair: len(pair[1]))
    return DataError(
        plural("The masks hold {count} value, up to {most} in {name}.",
               "The masks hold {count} values, up to {most} in {name}.",
               len(seen.pixels), most=len(values), name=name),
        _("a few values or colors, one for each class"),
        _("check that these are masks, not photographs (--mask_dir), or say what values mean: --legend FILE"),
    )  # fmt: skip


def _one_value(seen: Seen) -> DataError:
    return DataError(
        _("All {count} masks contain a single value: {value}.",
          count=seen.masks, value=describe(seen.pixels, seen.colors)),
        _("two values or more: background and foreground, or classes"),
        _("check that these are the masks; --image_dir and --mask_dir name the folders"),
    )  # fmt: skip


def _names(reading: Reading, legend: Legend | None) -> list[str]:
    """The user's names if there are as many as classes, else plain ones."""
    count = len(reading.classes)
    given = legend.names if legend else []
    if len(given) == count:
        return list(given)
    if len(given) == count - 1 and reading.classes[0] == (0,):
        return [background(), *given]
    if count == 2:
        return [background(), str(_("foreground"))]
    return [str(_("class {label}", label=label)) for label in range(count)]


def background() -> str:
    """What class 0 is called in the language of the run, unless the data say something else."""
    return str(_("background"))
