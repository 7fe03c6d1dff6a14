"""What the pictures of a loss show, from their numbers."""

from __future__ import annotations

from typing import Any

from paddleseg_losses.i18n import CLAUSES, Message, _, listed

from .language import Language

FIRST, MIDDLE, LAST = 0, 5, 10  # of the kept points of a curve: p = 0.007, 0.5, 0.993
FLAT = 1e-12


def curve_caption(numbers: dict[str, Any], language: Language) -> str:
    """The gradient on a badly wrong pixel, relative to an undecided one."""
    slopes, values = numbers["slopes"], numbers["values"]
    if all(max(line) - min(line) < FLAT for line in values.values()):
        return language("The curves are flat: here one wrong pixel costs nothing and has no gradient.")
    sides = (("object", FIRST, _("{ratio} on the object")), ("background", LAST, _("{ratio} on the background")))
    ratios = []
    for side, wrong, words in sides:
        middle, end = abs(slopes[side][MIDDLE]), abs(slopes[side][wrong])
        if middle >= FLAT:
            ratios.append(Message(words.template, ratio=_number(end / middle)))
    return (
        language(
            "Slope at a badly wrong pixel (0.007 for its true class) relative to an undecided one (0.5): {ratios}.",
            ratios=listed(ratios, CLAUSES),
        )
        if ratios
        else ""
    )


def gradient_caption(numbers: dict[str, Any], language: Language) -> str:
    """The gradients on the kinds of error, relative to the near blob."""
    gradients = numbers["pull"]
    near = gradients["near blob"]
    if near < FLAT:
        return language("The near blob has no gradient.")
    far, missed, edge, right = (
        _number(gradients[region] / near) for region in ("far blob", "missed part", "ragged edge", "right pixels")
    )
    return language(
        "With a pixel of the near blob as 1: far blob {far}, missed part {missed}, ragged edge {edge}, "
        "pixels that are right already {right}.",
        far=far,
        missed=missed,
        edge=edge,
        right=right,
    )


def _number(ratio: float) -> str:
    return "0" if ratio == 0 else f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}" if ratio >= 1e-3 else "< 0.001"
