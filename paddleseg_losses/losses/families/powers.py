"""Weights that grow with a distance."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import OptionError
from ...i18n import _


def powers(distances: Iterable[float], exponent: float, loss: str) -> list[float]:
    """`distance ** exponent` of each distance in pixels; what no float can hold is refused."""
    distances = list(distances)
    try:
        return [distance**exponent for distance in distances]
    except OverflowError:
        raise OptionError(
            _(
                "{loss}: {distance:g} pixels to the power of {exponent:g} is infinite.",
                loss=loss,
                distance=max(distances),
                exponent=exponent,
            ),
            _("finite weights"),
            _("reduce alpha, or the largest distance"),
        ) from None
