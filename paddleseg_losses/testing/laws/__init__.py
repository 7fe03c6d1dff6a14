"""The laws themselves, in their order. A law that is written is on the list."""

from __future__ import annotations

from ..law import Law
from . import layouts, masks, numbers, optimum, symmetries, text

LAWS: tuple[Law, ...] = tuple(
    law
    for module in (masks, layouts, symmetries, optimum, numbers, text)
    for law in vars(module).values()
    if isinstance(law, Law)
)
