"""Lists with something for each class: fitted to the classes that the model has."""

from __future__ import annotations

from typing import Any, TypeVar

from ...errors import OptionError
from ...i18n import _, counts
from ...inputs import Inputs, Tensor
from ...numeric import constant

Numbers = TypeVar("Numbers", bound="tuple[Any, ...]")


def fit(numbers: Numbers, expected: int, option: str, name: str) -> Numbers:
    """Raise if the length differs from the number of classes."""
    if len(numbers) != expected:
        raise OptionError(
            _(
                "{name}: {option} has {numbers}, {values}; logits have {channels}.",
                name=name,
                option=option,
                numbers=counts.numbers(len(numbers)),
                values=list(numbers),
                channels=counts.channels(expected),
            ),
            _("{numbers}, one for each class, the background included", numbers=counts.numbers(expected)),
            _("give {option} one number for each class, or check num_classes of the model", option=option),
        )
    return numbers


def each_class(numbers: tuple[float, ...], inputs: Inputs, option: str, name: str) -> Tensor:
    """One number for each class as `[1, C]`."""
    fitting = fit(numbers, inputs.channels, option, name)
    return constant([fitting], inputs.dtype)


def pick(classes: tuple[int, ...], kept: list[int], channels: int, name: str) -> list[int]:
    """The listed classes among those that count; refuse what the model does not have."""
    if not set(classes) <= set(kept):
        raise OptionError(
            _(
                "{name}: classes={classes} with {channels}.",
                name=name,
                classes=list(classes),
                channels=counts.channels(channels),
            ),
            _("classes from {classes}", classes=kept),
            _("remove the classes that the model does not have, or set include_background=True"),
        )
    return list(classes)
