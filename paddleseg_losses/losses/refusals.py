"""What losses refuse, whatever their family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InputError, OptionError
from ..i18n import _
from ..registry import specs

_ARGUMENTS = ("logits", "labels", "pixel_weight")  # of `forward`
_CALLS = ({*_ARGUMENTS[:2]}, {*_ARGUMENTS})


def require_arguments(loss: str, count: int, named: Mapping[str, Any]) -> None:
    """Refuse a call that lacks logits or labels, or has more than `forward` takes."""
    given = [*_ARGUMENTS[:count], *named]
    if count <= len(_ARGUMENTS) and set(given) in _CALLS and len(given) == len(set(given)):
        return
    extra = (f"#{number}" for number in range(len(_ARGUMENTS) + 1, count + 1))
    shown = ", ".join([*_ARGUMENTS[:count], *extra, *named])
    raise InputError(
        _("{loss} was called with ({given}).", loss=loss, given=shown),
        _("(logits, labels) and, for pixel losses, pixel_weight"),
        _("write for example {code}", code="loss(logits, labels)"),
    )


def no_label_sets(loss: str) -> OptionError:
    """The error of a loss that has to know the class of every pixel."""
    others = ", ".join(spec.name for spec in specs() if spec.label_sets)
    return OptionError(
        _("{loss} was given label_sets.", loss=loss),
        _("no label_sets: the loss needs to know the class of every pixel"),
        _("use one of {names}, or set such pixels to the ignore_index", names=others),
    )
