"""What the statistics of masks say about the losses that may help: symptoms of the registry, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..i18n import Text, _
from .mask_statistics import ClassStatistics, MaskStatistics

# Beyond these a class is called so. A line of length 10 has a thinness of 13; 0.2% of 224 x 224 are a hundred pixels.
THIN, SMALL, RARE, MANY, ABSENT = 10.0, 0.002, 0.05, 5, 0.5


@dataclass(frozen=True)
class Symptom:
    """A key of `registry.SYMPTOMS`, and what was seen."""

    name: str
    evidence: Text


def symptoms(
    statistics: MaskStatistics, names: Mapping[int, str] | None = None, background: int | None = 0
) -> list[Symptom]:
    """What was seen in the masks, the most telling first; none means that nothing special was.

    Args:
        statistics: of the masks.
        names: of the classes.
        background: the class that is no object, if there is one.
    """
    names = names or {}
    objects = [each for label, each in statistics.classes.items() if label != background]
    shown: list[Symptom] = []
    for kind in (_thin, _absent, _small, _rare):
        shown += list(kind(objects, names))[:1]
    return shown


def _called(each: ClassStatistics, names: Mapping[int, str]) -> Text:
    return names.get(each.label) or _("class {label}", label=each.label)


def _thin(objects: list[ClassStatistics], names: Mapping[int, str]) -> Iterator[Symptom]:
    for each in sorted(objects, key=lambda each: -each.thinness):
        if each.thinness >= THIN:
            evidence = _(
                "{name}: {width:.0f} pixels wide, and {thinness:.0f} times as large as the widest disc inside",
                name=_called(each, names),
                width=each.width,
                thinness=each.thinness,
            )
            yield Symptom("thin-structures", evidence)


def _absent(objects: list[ClassStatistics], _names: Mapping[int, str]) -> Iterator[Symptom]:
    presence = sum(each.presence for each in objects) / max(len(objects), 1)
    if len(objects) >= MANY and presence < ABSENT:
        evidence = _(
            "{classes} classes, of which an image shows {shown:.1f} on average",
            classes=len(objects),
            shown=presence * len(objects),
        )
        yield Symptom("absent-classes", evidence)


def _small(objects: list[ClassStatistics], names: Mapping[int, str]) -> Iterator[Symptom]:
    for each in sorted(objects, key=lambda each: each.component_share):
        if each.component_share < SMALL and each.thinness < THIN:
            evidence = _(
                "{name}: half of the objects have less than {pixels:.0f} pixels, {share:.2%} of the image",
                name=_called(each, names),
                pixels=each.component_pixels[1] + 1,
                share=each.component_share,
            )
            yield Symptom("small-objects", evidence)


def _rare(objects: list[ClassStatistics], names: Mapping[int, str]) -> Iterator[Symptom]:
    for each in sorted(objects, key=lambda each: each.share):
        if each.share < RARE:
            evidence = _("{name}: {share:.2%} of the pixels", name=_called(each, names), share=each.share)
            yield Symptom("class-imbalance", evidence)
