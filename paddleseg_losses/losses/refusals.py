"""What losses refuse, whatever their family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError, OptionError
from ..i18n import Message, _
from ..options import option_for
from ..registry import LossSpec, specs

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
        _("(logits, labels) and, for losses of pixels and overlaps, pixel_weight"),
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


def no_pixel_weight(spec: LossSpec) -> InputError:
    """The error of a loss in which weights of pixels have no place: why, and what to use instead."""
    expected, cure = _without_pixel_weight(spec)
    return InputError(_("{loss} was given a pixel_weight.", loss=spec.name), expected, cure)


def _without_pixel_weight(spec: LossSpec) -> tuple[Message, Message]:
    if spec.sorts:
        return (
            _("no pixel_weight: pixels are sorted by their errors, and in an order there is no place for weights"),
            _("use JaccardLoss, whose sums are weighted; or leave pixels out by ignore_index"),
        )
    if spec.neighbours:
        return (
            _("no pixel_weight: this loss looks at contours or neighbourhoods, where a pixel is there or not"),
            _("use DiceLoss or a pixel loss such as CrossEntropyLoss; or leave pixels out by ignore_index"),
        )
    return (
        _("no pixel_weight: this loss weighs and counts pixels by rules of its own"),
        _("use DiceLoss or a pixel loss such as CrossEntropyLoss"),
    )


def no_pixel_weight_elsewhere(loss: str) -> InputError:
    """The same of a loss that is not ours."""
    return InputError(
        _("{loss} was given a pixel_weight.", loss=loss),
        _("no pixel_weight: a loss that is not ours is called with logits and labels"),
        _("take the loss of this package, or call the other one yourself"),
    )


def instead_of_soft(spec: LossSpec) -> Message | None:
    """What to use for soft targets in place of a loss that cannot take them, and why it cannot."""
    if spec.soft or spec.counts_unweighted or not (spec.sorts or spec.neighbours):
        return None
    if spec.sorts:
        return _("for soft targets use JaccardLoss: the order of the errors is that of hard labels")
    return _("for soft targets use DiceLoss or CrossEntropyLoss: contours and neighbourhoods are those of hard labels")


def require_options_by_name(cls: type, values: Sequence[Any]) -> None:
    """Refuse options without a name, and a class that is not on the list."""
    if values:
        raise OptionError(
            _("{loss} was given {value!r} without a name.", loss=cls.__name__, value=values[0]),
            _("options by name"),
            _("write for example {code}", code=f"{cls.__name__}({option_for(cls, values[0])}={values[0]!r})"),
        )
    if not hasattr(cls, "spec"):
        raise OptionError(
            _("{loss} is not registered.", loss=cls.__name__),
            _("a final class with a spec"),
            _("decorate it with @registered(...)"),
        )
