"""Lists with something for each class: fitted to the classes that the model has."""

from __future__ import annotations

from typing import Any, TypeVar

import paddle

from ...errors import OptionError
from ...inputs import Inputs, Tensor

Numbers = TypeVar("Numbers", bound="tuple[Any, ...]")


def fit(numbers: Numbers, expected: int, option: str, name: str) -> Numbers:
    """Refuse a list that has not one number for each class."""
    if len(numbers) != expected:
        raise OptionError(
            f"{name}: {option} has {len(numbers)} number(s), {list(numbers)}; logits have {expected} channel(s).",
            f"{expected} numbers, one for each class, the background included",
            f"give {option} one number for each of the {expected} classes, or check num_classes of the model",
        )
    return numbers


def each_class(numbers: tuple[float, ...], inputs: Inputs, option: str, name: str) -> Tensor:
    """One number for each class as `[1, C]`."""
    fitting = fit(numbers, inputs.channels, option, name)
    return paddle.to_tensor([fitting], dtype=inputs.dtype)


def pick(classes: tuple[int, ...], kept: list[int], channels: int, name: str) -> list[int]:
    """The listed classes among those that count; refuse what the model does not have."""
    if not set(classes) <= set(kept):
        raise OptionError(
            f"{name}: classes={list(classes)} with {channels} channel(s).",
            f"classes out of {kept}",
            "remove the classes that the model does not have, or set include_background=True",
        )
    return list(classes)
