"""Options of losses, declared once: default, accepted values and meaning stand in one line of the class.

    class TverskyLoss(RegionLoss):
        alpha: float = number(default=0.3, low=0, help="weight of false positives", zh="假阳性的权重")

The signature, the checks, the tolerance for what YAML gives (strings such as ``1e-6``), the refusal of unknown
names, `repr`, the tables of the docs and the command line all come from these declarations.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from numbers import Number
from typing import Any, Callable

from .errors import OptionError, UnknownOptionError
from .registry import suggest


class Option:
    """One option: its default, how a value is read, what may be given and what it means."""

    def __init__(self, default: Any, read: Callable[[Any], Any], expected: str, help: str, zh: str) -> None:
        self.default, self.read, self.expected, self.help, self.zh = default, read, expected, help, zh
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def parse(self, value: Any, owner: str) -> Any:
        """Read a value, or say what was expected instead."""
        try:
            return self.read(value)
        except (TypeError, ValueError, OverflowError):
            raise OptionError(
                f"{owner}: {self.name}={value!r}.",
                self.expected,
                f"{self.name} is {self.help}; default {self.default!r}",
            ) from None


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError("a truth value is not a number")
    result = float(value)
    if not math.isfinite(result):
        raise ValueError("not finite")
    return result


def _floats(value: Any) -> tuple[float, ...]:
    if hasattr(value, "tolist"):  # ndarray or Tensor
        value = value.tolist()
    if isinstance(value, (str, Number)):
        value = [value]
    return tuple(_float(item) for item in value)


def _whole(value: Any) -> int:
    number = _float(value)
    if isinstance(value, int):
        return value
    if number != int(number):
        raise ValueError("not whole")
    return int(number)


def _inside(value: float, low: float, high: float, open_low: bool) -> float:
    if not low <= value <= high or (open_low and value == low):
        raise ValueError("outside")
    return value


def _interval(low: float, high: float, open_low: bool) -> str:
    if high == math.inf:
        return "" if low == -math.inf else f" {'>' if open_low else '>='} {low:g}"
    return f" in {'(' if open_low else '['}{low:g}, {high:g}]"


def number(
    *,
    default: float | None,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    optional: bool = False,
    help: str,
    zh: str,
) -> Any:
    """A real number, or None where `optional`."""

    def read(value: Any) -> float | None:
        return None if optional and value is None else _inside(_float(value), low, high, open_low)

    return Option(
        default,
        read,
        f"a number{_interval(low, high, open_low)}" + (" or None" if optional else ""),
        help,
        zh,
    )


def whole(*, default: int, low: float = -(2**63), high: float = 2**31, help: str, zh: str) -> Any:
    """A whole number; no option of a loss is larger than 2^31."""
    return Option(
        default,
        lambda v: _inside(_whole(v), low, high, False),
        f"a whole number{_interval(low, math.inf, False)}",
        help,
        zh,
    )


def flag(*, default: bool, help: str, zh: str) -> Any:
    """True or False."""

    def read(value: Any) -> bool:
        words = {True: True, False: False, "true": True, "false": False}
        key = value.lower() if isinstance(value, str) else value
        if key not in words:
            raise ValueError("not a truth value")
        return words[key]

    return Option(default, read, "true or false", help, zh)


def choice(*, default: str | None, of: tuple[str | None, ...], help: str, zh: str) -> Any:
    """One of a few words."""

    def read(value: Any) -> str | None:
        if value not in of:
            raise ValueError("not one of them")
        return value  # type: ignore[no-any-return]

    return Option(default, read, "one of " + ", ".join(repr(word) for word in of), help, zh)


def only(*, default: bool, help: str, zh: str) -> Any:
    """A flag of the family that has one possible value here."""

    def read(value: Any) -> bool:
        if value != default:
            raise ValueError("the other value")
        return default

    return Option(default, read, str(default).lower(), help, zh)


def only_mean(*, default: str = "mean") -> Any:
    """The reduction of a loss that is one number by nature."""
    return choice(
        default="mean",
        of=("mean",),
        help="only 'mean': the loss is one number",
        zh="仅支持 'mean'：该损失本身就是一个数",
    )


def numbers_or_none(
    *, default: Iterable[float] | None, low: float = 0.0, open_low: bool = False, help: str, zh: str
) -> Any:
    """A list of numbers, or None; lists, tuples, arrays and tensors are read."""

    def read(value: Any) -> tuple[float, ...] | None:
        return None if value is None else tuple(_inside(item, low, math.inf, open_low) for item in _floats(value))

    return Option(default, read, f"None or a list of numbers{_interval(low, math.inf, open_low)}", help, zh)


def numbers(*, default: Iterable[float], low: float = 0.0, open_low: bool = False, help: str, zh: str) -> Any:
    """A list of at least one number."""

    def read(value: Any) -> tuple[float, ...]:
        found = tuple(_inside(item, low, math.inf, open_low) for item in _floats(value))
        if not found:
            raise ValueError("empty")
        return found

    return Option(default, read, f"a list of at least one number{_interval(low, math.inf, open_low)}", help, zh)


def class_subset(*, default: str, help: str, zh: str) -> Any:
    """'all', 'present' or a list of class indices."""

    def read(value: Any) -> str | tuple[int, ...]:
        if isinstance(value, str):
            if value not in ("all", "present"):
                raise ValueError("neither word")
            return value
        chosen = tuple(_whole(item) for item in _floats(value))
        if not chosen or len(set(chosen)) != len(chosen) or min(chosen) < 0:
            raise ValueError("empty, repeated or negative")
        return chosen

    return Option(default, read, "'all', 'present' or a list of different class indices", help, zh)


class Fixed:
    """An option of a family that this class does not offer: always this value."""

    def __init__(self, value: Any) -> None:
        self.value = value


def fixed(value: Any) -> Any:
    """Take an inherited option away from a class, leaving a fixed value."""
    return Fixed(value)


def _declared(cls: type) -> dict[str, Option | Fixed]:
    """Declarations of a class: its own first, then its family's, then those of every loss."""
    found: dict[str, Option | Fixed] = {}
    for base in cls.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, (Option, Fixed)):
                found.setdefault(name, value)
    return found


def options_of(cls: type) -> dict[str, Option]:
    """The options that a user may give to a class."""
    return {name: value for name, value in _declared(cls).items() if isinstance(value, Option)}


def resolve(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """Every option of a class with the value given, or its default; unknown names are refused."""
    known = options_of(cls)
    for name in given:
        if name not in known:
            near = suggest(name, list(known))
            raise UnknownOptionError(
                f"{cls.__name__} has no option {name!r}.",
                f"one of {', '.join(known)}",
                f"did you mean {near}?" if near else f"remove {name!r}",
            )
    return {
        name: item.value if isinstance(item, Fixed) else item.parse(given.get(name, item.default), cls.__name__)
        for name, item in _declared(cls).items()
    }


def signature_of(cls: type) -> inspect.Signature:
    """The signature that `help()` and editors show."""
    return inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.default)
            for name, option in options_of(cls).items()
        ]
    )


def with_arguments(doc: str, cls: type) -> str:
    """A docstring with its "Args" section, made from the declarations, in its place before "Shape"."""
    head, shape, tail = doc.partition("    Shape:\n")
    if not shape or "    Args:\n" in doc:
        return doc
    lines = [f"        {name}: {o.help}; {o.expected}. Default: {o.default!r}." for name, o in options_of(cls).items()]
    return "\n".join([head + "    Args:", *lines, "", shape + tail])
