"""Which tasks of the experiment have masks like these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..datasets import MaskStatistics
from ..evidence import Evidence

NEAR = 1.0  # distance up to which a task counts as alike: one feature tenfold, say, or all by a little
_LEAST = 1e-6


@dataclass(frozen=True)
class Features:
    """Of the objects in masks: what decides which loss suits them."""

    share: float  # of the pixels
    component: float  # median size of an object over that of the image
    thinness: float
    presence: float  # share of the masks with an object of a class, mean over the classes
    classes: int  # of objects

    def distance(self, other: Features) -> float:
        """Root of the sum of squares; a factor of ten counts 1, and so does always against never present."""
        ratios = ((getattr(self, name), getattr(other, name)) for name in ("share", "component", "thinness"))
        logarithms = [math.log10(max(a, _LEAST) / max(b, _LEAST)) for a, b in ratios]
        several = float((self.classes > 1) != (other.classes > 1))
        return math.hypot(*logarithms, self.presence - other.presence, several)


def features(statistics: MaskStatistics, background: int | None = 0) -> Features | None:
    """Of masks; None if they hold no object."""
    return _features([vars(each) for label, each in statistics.classes.items() if label != background])


def alike(evidence: Evidence, statistics: MaskStatistics) -> dict[str, float]:
    """The tasks that resemble these masks, with their distance, the nearest first."""
    ours = features(statistics)
    if ours is None:
        return {}
    distances = {}
    for task, stored in evidence.data.items():
        theirs = _features([each for label, each in stored["classes"].items() if label != "0"])
        if theirs is not None and (distance := ours.distance(theirs)) <= NEAR:
            distances[task] = distance
    return dict(sorted(distances.items(), key=lambda item: item[1]))


def _features(objects: list[Mapping[str, Any]]) -> Features | None:
    if not objects:
        return None
    mean = {
        name: sum(each[name] for each in objects) / len(objects) for name in ("component_share", "thinness", "presence")
    }
    share = sum(each["share"] for each in objects)
    return Features(share, mean["component_share"], mean["thinness"], mean["presence"], len(objects))
