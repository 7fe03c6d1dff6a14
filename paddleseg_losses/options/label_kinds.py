"""The kinds of options that speak of labels: those that are ignored, those that stand for several classes."""

from __future__ import annotations

from collections.abc import Mapping, Set
from numbers import Number
from typing import Any

from ..i18n import _
from .declared import Option
from .kinds import class_indices, integer, python_value


def labels_or_none(*, default: int, help: str) -> Any:
    """A label, several labels, or None; no label is larger than 2^31, nor smaller than what 64 bits hold."""

    def label(value: Any) -> int:
        number = integer(value)
        if not -(2**63) <= number <= 2**31:
            raise ValueError("outside")
        return int(number)

    def read(value: Any) -> int | tuple[int, ...] | None:
        value = python_value(value)
        if value is None or isinstance(value, (Number, str)):
            return None if value is None else label(value)
        if isinstance(value, (Mapping, Set)) or not value:
            raise TypeError("unordered, or empty")
        several = tuple(dict.fromkeys(map(label, value)))
        return several if len(several) > 1 else several[0]

    return Option(default, read, _("a whole number, a list of them, or None"), help, (None, default, [7, default]))


def label_sets_or_none(*, default: None, help: str) -> Any:
    """Lists of classes by the label that stands for each, or None; kept as a YAML mapping."""

    def read(value: Any) -> dict[int, list[int]] | None:
        if value is None:
            return None
        if not isinstance(value, Mapping) or not value:
            raise ValueError("not a mapping, or empty")
        return {
            int(label) if isinstance(label, str) else integer(label): list(class_indices(classes))  # texts in JSON
            for label, classes in value.items()
        }

    expected = _("None or a mapping from labels to lists of classes, such as {example}", example="{250: [0, 3, 4]}")
    return Option(default, read, expected, help)
