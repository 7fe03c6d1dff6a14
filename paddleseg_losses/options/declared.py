"""Declared options, and what follows from the declarations of a class."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, Callable, TypeVar
from weakref import WeakKeyDictionary

from ..errors import OptionError, UnknownOptionError
from ..i18n import ENGLISH, Message, Text, _, speaking
from ..other_libraries import Hint, option_hints, said, value_hints
from ..registry import suggest

REQUIRED = inspect.Parameter.empty  # the default of an option that must be given
LARGEST = 1e12  # of the numbers in an option: float32 holds their squares, summed over an image


class TooLarge(ValueError):
    """A number in an option is larger than `LARGEST`."""


class Option:
    """One option of a loss.

    Attributes:
        default: The value if none is given, or `REQUIRED`.
        read: Makes a value of what was given, or raises.
        expected: What may be given, in words.
        help: What it means.
        examples: Values for tests and pictures that span what may be given; none if that depends on the problem.
        name: As the class calls it.
    """

    def __init__(
        self, default: Any, read: Callable[[Any], Any], expected: Text, help: str, examples: Iterable[Any] = ()
    ) -> None:
        self.default, self.read, self.expected, self.help = default, read, expected, Message(help)
        self.examples = tuple(examples)
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def parse(self, value: Any, owner: str) -> Any:
        """Read a value, or say what was expected instead."""
        try:
            return self.read(value)
        except OptionError as error:  # it is more specific
            raise OptionError(
                _("{place}: {found}", place=owner, found=error.found), error.expected, error.cure
            ) from None
        except (TypeError, ValueError, OverflowError) as error:
            bound = _("{expected}, at most {largest:g} in size", expected=self.expected, largest=LARGEST)
            raise OptionError(
                _("{owner} needs {name}.", owner=owner, name=self.name)
                if value is REQUIRED
                else Message("{owner}: {name}={value!r}.", owner=owner, name=self.name, value=value),
                bound if isinstance(error, TooLarge) else self.expected,
                self._meaning,
            ) from None

    def is_default(self, value: Any) -> bool:
        """Whether a value that has been read is the default."""
        return self.default is not REQUIRED and bool(value == self.read(self.default))

    @property
    def _meaning(self) -> Text:
        if self.default is REQUIRED:
            return _("{name} is {help}", name=self.name, help=self.help)
        return _("{name} is {help}; default {default!r}", name=self.name, help=self.help, default=self.default)


class Fixed:
    """An option of a family that this class does not offer: always this value."""

    def __init__(self, value: Any) -> None:
        self.value = value


def fixed(value: Any) -> Any:
    """Take an inherited option away from a class, leaving a fixed value."""
    return Fixed(value)


_Declaration = TypeVar("_Declaration")


def _once_a_class(find: Callable[[type], dict[str, _Declaration]]) -> Callable[[type], Mapping[str, _Declaration]]:
    """Keep what was found for a class: each loss that is made asks for it several times."""
    found: WeakKeyDictionary[type, Mapping[str, _Declaration]] = WeakKeyDictionary()

    @wraps(find)
    def kept(cls: type) -> Mapping[str, _Declaration]:
        if cls not in found:
            found[cls] = MappingProxyType(find(cls))
        return found[cls]

    return kept


@_once_a_class
def _declared(cls: type) -> dict[str, Option | Fixed]:
    """Declarations of a class: its own first, then its family's, then those of every loss."""
    declared: dict[str, Option | Fixed] = {}
    for base in cls.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, (Option, Fixed)):
                declared.setdefault(name, value)
    return declared


@_once_a_class
def options_of(cls: type) -> dict[str, Option]:
    """The options that a user may give to a class."""
    return {name: value for name, value in _declared(cls).items() if isinstance(value, Option)}


def own_options_of(cls: type) -> dict[str, Option]:
    """Those that are its own: declared in its package, its chapter, not in that of the families or of every loss."""
    own = {name for base in cls.__mro__ if _package(base) == _package(cls) for name in vars(base)}
    return {name: option for name, option in options_of(cls).items() if name in own}


def _package(cls: type) -> str:
    return cls.__module__.rpartition(".")[0]


def option_for(cls: type, value: Any) -> str:
    """The first option of a class that takes a value, or the first of all."""
    known = options_of(cls)
    return next((name for name in known if _takes(cls, {name: value})), next(iter(known)))


def resolve(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """Every option of a class with the value given, or its default; unknown names are refused."""
    for name, value in given.items():
        if name not in options_of(cls):
            raise unknown_option(cls, name, value)
    return {
        name: item.value if isinstance(item, Fixed) else parse(cls, name, given.get(name, item.default))
        for name, item in _declared(cls).items()
    }


def parse(cls: type, name: str, value: Any) -> Any:
    """Read the value of an option of a class; what other libraries mean by one that is refused is said as well."""
    try:
        return options_of(cls)[name].parse(value, cls.__name__)
    except OptionError as error:
        hints = value_hints(cls.__name__, name, value)
        raise OptionError(error.found, error.expected, said([error.cure, *hints])) from None


def option_advice(cls: type, name: str, value: Any) -> list[Hint]:
    """What other libraries mean by an option that a class lacks, and what says the same here."""
    return option_hints(cls.__name__, name, value, options_of(cls), partial(_takes, cls))


def unknown_option(cls: type, name: str, value: Any) -> UnknownOptionError:
    """The error of an option that a class lacks: another library's word is explained, a misspelt one corrected."""
    known, hints = options_of(cls), option_advice(cls, name, value)
    near = None if hints else suggest(name, known)
    return UnknownOptionError(
        _("{loss} has no option {name!r}.", loss=cls.__name__, name=name),
        _("one of {names}", names=", ".join(known)),
        said(hints) if hints else _("did you mean {near}?", near=near) if near else _("remove {name!r}", name=name),
    )


def _takes(cls: type, options: Mapping[str, Any]) -> bool:
    """Whether a class has these options, and they can have these values."""
    known, spec = options_of(cls), getattr(cls, "spec", None)
    if not set(options) <= set(known) or (spec and options.get("mode", spec.modes[0]) not in spec.modes):
        return False
    try:
        for name, value in options.items():
            known[name].parse(value, cls.__name__)
    except OptionError:
        return False
    return True


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
    doc = inspect.cleandoc(doc)  # as Python 3.13 and later do it themselves
    head, shape, tail = doc.partition("\nShape:\n")
    if not shape or "\nArgs:\n" in doc:
        return doc
    with speaking(ENGLISH):
        lines = [f"    {name}: {o.help}; {o.expected}{_default(o)}." for name, o in options_of(cls).items()]
    return "\n".join([f"{head}\nArgs:", *lines, shape + tail])


def _default(option: Option) -> str:
    return "" if option.default is REQUIRED else f". Default: {option.default!r}"
