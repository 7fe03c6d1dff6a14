"""Weights that grow with a distance."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import OptionError
from ...i18n import _

_LARGEST = 1e30  # some millions of them can be added


def powers(distances: Iterable[float], exponent: float, loss: str) -> list[float]:
    """`distance ** exponent` of each distance; what is infinite in a sum of float32 is refused."""
    distances = list(distances)
    try:
        raised = [distance**exponent for distance in distances]
        if max(raised, default=0.0) > _LARGEST:
            raise OverflowError
        return raised
    except OverflowError:
        raise OptionError(
            _(
                "{loss}: a distance of {distance:g} to the power of {exponent:g} is infinite.",
                loss=loss,
                distance=max(distances),
                exponent=exponent,
            ),
            _("finite weights"),
            _("reduce alpha, or the largest distance"),
        ) from None
