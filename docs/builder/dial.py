"""The part of the experiment's page about the dial: the same discs, from large ones to small ones."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable
from typing import Any

from paddleseg_losses.drawing.comparisons import draw_curves
from paddleseg_losses.evidence import DIAL, Finding, evidence
from paddleseg_losses.registry import specs

from .language import DOCS
from .pictures import shown, signature

PICTURE = DOCS / "images" / "evidence_dial.png"


def drifted() -> list[str]:
    """Whether the picture shows what was measured."""
    fresh = not is_known() or shown(PICTURE) == signature(_points())
    return [] if fresh else [f"{PICTURE.name} does not show its numbers"]


def refresh() -> list[str]:
    """Draw the picture if it has drifted; the names of what was drawn."""
    if not drifted():
        return []
    points = _points()
    draw_curves(PICTURE, points, "share of the discs", signature(points))
    return [PICTURE.name]


def is_known() -> bool:
    """Whether every share of the discs was trained on."""
    return set(DIAL) <= evidence().findings.keys()


def _points() -> dict[str, list[tuple[float, float, float]]]:
    """Of each loss the Dice along the dial: share, mean, standard deviation."""
    study, points = evidence(), {}
    for task, loss in itertools.product(DIAL, [spec.name for spec in specs()]):
        finding = study.findings.get(task, {}).get(loss)
        mean, deviation = finding.scores["dice"] if finding else (None, None)
        if mean is not None:
            points.setdefault(loss, []).append((study.places[task], mean, deviation or 0.0))
    return points


def failures(findings: Iterable[Finding]) -> tuple[int, int]:
    """Trainings without a score, and all."""
    each = [(finding.runs - finding.succeeded, finding.runs) for finding in findings]
    return sum(failed for failed, _runs in each), sum(runs for _failed, runs in each)


def gaps() -> dict[str, Any]:
    """Between the best and the median loss that has a score, and what failed, at both ends of the dial."""
    study, numbers = evidence(), {}
    for end, task in (("small", DIAL[0]), ("large", DIAL[-1])):
        dice = [mean for each in study.findings[task].values() if (mean := each.scores["dice"][0]) is not None]
        numbers[end] = f"{study.places[task]:.1%}"
        numbers[f"{end}_gap"] = f"{max(dice) - statistics.median(dice):.3f}"
        numbers[f"{end}_failed"], numbers[f"{end}_runs"] = failures(study.findings[task].values())
    return numbers
