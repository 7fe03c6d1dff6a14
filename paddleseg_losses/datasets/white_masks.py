"""Masks of 0 and 255, as programs for images save them: 255 is the ignored label, so that no foreground is left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import DataError, LossError
from ..i18n import Message, Text, _
from ..registry import PREFIX
from .counting import count
from .mask_sources import MaskSource, open_source

WHITE = 255
_LOOKED_AT = 20  # masks, before a training


def is_white(pixels: Mapping[int, int], source: MaskSource) -> bool:
    """Whether these labels are 0 and 255, and nothing tells that 255 is a class."""
    return set(pixels) == {0, WHITE} and source.ignore_index == WHITE and not source.multilabel


def problem() -> Text:
    """What is wrong with them."""
    return _("The masks contain only 0 and 255, and 255 is the ignored label: no foreground is left.")


def reading(part: str = "train") -> Message:
    """The transform that reads them, in YAML."""
    return Message(
        "{part}_dataset:\n  transforms:\n    - type: {transform}  # {place}\n      classes: [{white}]",
        part=part,
        transform=f"{PREFIX}Foreground",
        place=_("before all others: 255 becomes class 1"),
        white=WHITE,
    )


def require_foreground(config: str | Path) -> None:
    """Refuse to train on them: the model would learn that there is nothing, and score 1.0 at it."""
    try:
        source = open_source(config)
        pixels = count(source.sampled(_LOOKED_AT), workers=1).pixels
    except (LossError, OSError):  # the trainer says what else is wrong with the data
        return
    if is_white(pixels, source):
        raise DataError(
            _("{place}: {found}", place=config, found=problem()),
            _("1 for the foreground"),
            _("write in both datasets:\n{yaml}", yaml=reading()),
        )
