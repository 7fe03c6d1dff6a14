"""Checking `coef`: a list of numbers."""

from __future__ import annotations

import numbers
from typing import Any

from ...i18n import Text, _
from .report import Place, Report

Section = dict[str, Any]


def coefficients(report: Report, place: Place, section: Section, losses: int) -> list[Any]:
    """The numbers of a section with so many losses, corrected; what is wrong is noted."""
    coef = section.get("coef")
    place = (*place, "coef")
    if not isinstance(coef, list) or not coef:
        cure = _("write {yaml}", yaml=f"coef: {[1] * (losses or 1)}")
        report.mistake(place, described(section, "coef"), _("a list of numbers"), cure)
        coef = [coef] * losses if isinstance(coef, numbers.Real) else [1] * losses
    return [_number(report, (*place, i), number) for i, number in enumerate(coef)]


def _number(report: Report, place: Place, number: Any) -> Any:
    if isinstance(number, numbers.Real) and not isinstance(number, bool):
        return number
    try:
        value = float(number)  # YAML reads 1e-1 as text; 1.0e-1 is a number
    except (TypeError, ValueError):
        value = 1
    report.mistake(place, _("{value!r} is not a number.", value=number), _("a number"), _("write {yaml}", yaml=value))
    return value


def described(section: Section, key: str) -> Text:
    """What stands under a key, as a sentence."""
    return _("it is {value!r}.", value=section[key]) if key in section else _("it is missing.")
