"""The kinds of options: how a value is read, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from numbers import Number
from typing import Any

from ..errors import OptionError
from ..i18n import Message, _, in_context
from ..schedules import Schedule
from .declared import LARGEST, REQUIRED, Option, TooLarge


def python_value(value: Any) -> Any:
    """What an array or a Tensor holds, as Python's own numbers and lists."""
    if getattr(value, "is_dense", lambda: True)() and hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "is_dense"):  # reading a sparse Tensor ends the process
        raise TypeError("sparse")
    return value


def _single(value: Any) -> Any:
    """The one element of an array or a Tensor, anything else as it is."""
    element = python_value(value)
    while element is not value and isinstance(element, list):
        (element,) = element
    return element


def _finite(value: Any) -> float:
    value = _single(value)
    if isinstance(value, bool):
        raise TypeError("a truth value is not a number")
    result = float(value)
    if not math.isfinite(result):
        raise ValueError("not finite")
    return result


def _float(value: Any) -> float:
    result = _finite(value)
    if abs(result) > LARGEST:
        raise TooLarge(result)
    return result


def _floats(value: Any) -> tuple[float, ...]:
    if isinstance(value, (Mapping, Set)):
        raise TypeError("unordered")  # a mapping would be read as its keys
    value = python_value(value)
    return tuple(map(_float, [value] if isinstance(value, (str, Number)) else value))


def integer(value: Any) -> int:
    """A whole number."""
    value = _single(value)
    number = _finite(value)
    if isinstance(value, int):
        return value
    if number != int(number):
        raise ValueError("not whole")
    return int(number)


def _inside(value: float, low: float, high: float, open_low: bool) -> float:
    if not low <= value <= high or (open_low and value == low):
        raise ValueError("outside")
    return value


def _ranged(kind: Message, low: float, high: float = math.inf, open_low: bool = False) -> Message:
    if high < math.inf:
        interval = f"{'(' if open_low else '['}{low:g}, {high:g}]"
        return _("{kind} in {interval}", kind=kind, interval=interval)
    return kind if low == -math.inf else Message(f"{{kind}} {'>' if open_low else '>='} {low:g}", kind=kind)


def _examples(default: float | None, low: float, high: float, open_low: bool) -> list[float]:
    """Numbers that span an interval, the default among them: its lower end, or just above it, and on from there."""
    scale = default if default and default >= 0.01 else 1.0  # a tiny default is no scale but nearly nothing
    if high <= 100 * scale:
        lowest, *steps = (low + part * (high - low) for part in (0.01 if open_low else 0, 0.25, 0.5, 0.75, 1))
    else:
        lowest, *steps = (low + 0.01 * scale if open_low else low, scale / 4, scale / 2, scale, 2 * scale, 4 * scale)
    values = {lowest, *steps} if default is None else {lowest, *steps, default}
    return sorted(value for value in values if math.isfinite(value))


def number(
    *,
    default: float | None,
    low: float = -math.inf,
    high: float = math.inf,
    open_low: bool = False,
    optional: bool = False,
    help: str,
) -> Any:
    """A real number, or None where `optional`."""

    def read(value: Any) -> float | None:
        return None if optional and value is None else _inside(_float(value), low, high, open_low)

    expected = _ranged(_("a number"), low, high, open_low)
    examples = [*([None] if default is None else []), *_examples(default, low, high, open_low)]
    return Option(default, read, _("{values} or None", values=expected) if optional else expected, help, examples)


def whole(*, default: int, low: float = -math.inf, high: float = 2**31, odd: bool = False, help: str) -> Any:
    """A whole number; no option of a loss is larger than 2^31, nor smaller than what 64 bits hold."""

    def read(value: Any) -> int:
        number = _inside(integer(value), max(low, -(2**63)), high, False)
        if odd and number % 2 == 0:
            raise ValueError("even")
        return int(number)

    sizes = (low, default // 2, default, 2 * default or 8) if low > -math.inf else (default,)
    examples = sorted({int(max(size, low)) | odd for size in sizes})
    most = high if high < 2**31 else math.inf
    return Option(default, read, _ranged(_("an odd number") if odd else _("a whole number"), low, most), help, examples)


def whole_or_none(*, default: None, low: int, high: int, help: str) -> Any:
    """One of a few whole numbers, or None."""

    def read(value: Any) -> int | None:
        return None if value is None else int(_inside(integer(value), low, high, False))

    expected = _("{values} or None", values=_ranged(_("a whole number"), low, high))
    return Option(default, read, expected, help, [None, *range(low, high + 1)])


def flag(*, default: bool, help: str) -> Any:
    """True or False."""

    def read(value: Any) -> bool:
        words = {True: True, False: False, "true": True, "false": False}
        value = _single(value)
        key = value.lower() if isinstance(value, str) else value
        if key not in words:
            raise ValueError("not a truth value")
        return words[key]

    return Option(default, read, _("true or false"), help, (False, True))


def choice(*, default: str | None, of: tuple[str | None, ...], help: str) -> Any:
    """One of a few words."""

    def read(value: Any) -> str | None:
        if not (value is None or isinstance(value, str)) or value not in of:
            raise ValueError("not one of them")
        return value  # type: ignore[no-any-return]

    expected = in_context("values of an option", "one of {names}", names=", ".join(map(repr, of)))
    return Option(default, read, expected, help, of)


def only(*, default: bool, help: str) -> Any:
    """A flag of the family that has one possible value here."""

    def read(value: Any) -> bool:
        if _single(value) != default:
            raise ValueError("the other value")
        return default

    return Option(default, read, str(default).lower(), help)


def only_mean(*, default: str = "mean") -> Any:
    """The reduction of a loss that is one number by nature."""
    return choice(
        default="mean",
        of=("mean",),
        help="only 'mean': the loss is a single number",
    )


def numbers_or_none(*, default: Iterable[float] | None, low: float = 0.0, open_low: bool = False, help: str) -> Any:
    """A list of numbers, or None; lists, tuples, arrays and tensors are read."""

    def read(value: Any) -> tuple[float, ...] | None:
        return None if value is None else tuple(_inside(item, low, math.inf, open_low) for item in _floats(value))

    return Option(default, read, _ranged(_("None or a list of numbers"), low, open_low=open_low), help)


def numbers(*, default: Iterable[float], low: float = 0.0, open_low: bool = False, help: str) -> Any:
    """A list of at least one number."""

    def read(value: Any) -> tuple[float, ...]:
        items = tuple(_inside(item, low, math.inf, open_low) for item in _floats(value))
        if not items:
            raise ValueError("empty")
        return items

    default = tuple(default)
    examples = sorted({default[:length] for length in (1, len(default) // 2, len(default)) if length})
    expected = _ranged(_("a list of at least one number"), low, open_low=open_low)
    return Option(default, read, expected, help, examples)


def numbers_or_word(*, word: str, default: Any = REQUIRED, low: float = 0.0, help: str) -> Any:
    """A list of at least one number, or a word."""

    def read(value: Any) -> str | tuple[float, ...]:
        if isinstance(value, str) and value == word:
            return word
        items = tuple(_inside(item, low, math.inf, False) for item in _floats(value))
        if not items:
            raise ValueError("empty")
        return items

    expected = _("{word!r} or a list of numbers >= {low:g}", word=word, low=low)
    return Option(default, read, expected, help)


def matrix_or_none(*, default: None, help: str) -> Any:
    """A square matrix of costs, with zeros on its diagonal, or None."""

    def read(value: Any) -> tuple[tuple[float, ...], ...] | None:
        if value is None:
            return None
        rows = tuple(tuple(_inside(item, 0.0, math.inf, False) for item in _floats(row)) for row in python_value(value))
        if any(len(row) != len(rows) or row[place] != 0 for place, row in enumerate(rows)):
            raise ValueError("not square, or a cost on the diagonal")
        if not any(map(any, rows)):
            raise ValueError("no cost at all")
        return rows

    return Option(
        default, read, _("None or a square matrix of numbers >= 0, 0 on the diagonal and not 0 everywhere"), help
    )


def loss_list(*, default: Any = REQUIRED, help: str) -> Any:
    """A list of losses: names, mappings with a `type`, or anything that can be called."""

    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            raise ValueError("not a list, or empty")
        items = tuple(dict(item) if isinstance(item, Mapping) else item for item in value)
        if not all(isinstance(item, (str, dict)) or callable(item) for item in items):
            raise ValueError("not a loss")
        return items

    return Option(default, read, _("a list of at least one loss"), help)


def one_loss(*, default: Any = REQUIRED, help: str) -> Any:
    """A loss: a name, a mapping with a `type`, or a loss that is built."""

    def read(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            raise OptionError(
                _("a list of {count} stands where one loss is meant.", count=len(value)),
                _("a loss: a name, a mapping with `type`, or a loss that is built"),
                _("write several as {code}", code="{type: paddleseg_losses.WeightedSumLoss, losses: [...]}"),
            )
        if not (isinstance(value, (str, Mapping)) or (callable(value) and not isinstance(value, type))):
            raise ValueError("not a loss")
        return dict(value) if isinstance(value, Mapping) else value

    return Option(default, read, _("a loss: a name, a mapping with `type`, or a loss that is built"), help)


def schedule_or_none(*, default: None, help: str) -> Any:
    """How the weight of a loss moves while a model trains, see `Schedule`, or None; kept as a YAML mapping."""

    def read(value: Any) -> dict[str, Any] | None:
        return None if value is None else Schedule.read(value).as_dict()

    example = "{kind: linear, start: 0, end: 1, steps: 1000}"
    return Option(default, read, _("None or a mapping such as {example}", example=example), help)


def class_subset(*, default: str, help: str) -> Any:
    """'all', 'present' or a list of class indices."""

    def read(value: Any) -> str | tuple[int, ...]:
        if isinstance(value, str):
            if value not in ("all", "present"):
                raise ValueError("neither word")
            return value
        return class_indices(value)

    expected = _("'all', 'present' or a list of different class indices")
    return Option(default, read, expected, help, ("all", "present", [0]))


def class_indices(value: Any) -> tuple[int, ...]:
    """Different class indices, at least one."""
    chosen = tuple(integer(item) for item in _floats(value))
    if not chosen or len(set(chosen)) != len(chosen) or min(chosen) < 0:
        raise ValueError("empty, repeated or negative")
    return chosen
