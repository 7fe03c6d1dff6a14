"""What a declared option is, and what is made from the declarations of a class."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Callable

from ..errors import OptionError, UnknownOptionError
from ..i18n import ENGLISH, Message, Text, _, speaking
from ..registry import suggest

REQUIRED = inspect.Parameter.empty  # the default of an option that must be given


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
        except OptionError as error:  # it knows better what is wrong
            raise OptionError(
                Message("{owner}: {found}", owner=owner, found=error.found), error.expected, error.cure
            ) from None
        except (TypeError, ValueError, OverflowError):
            raise OptionError(
                _("{owner} needs {name}.", owner=owner, name=self.name)
                if value is REQUIRED
                else Message("{owner}: {name}={value!r}.", owner=owner, name=self.name, value=value),
                self.expected,
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


def own_options_of(cls: type) -> dict[str, Option]:
    """Those that are its own: declared in its package, its chapter, not in that of the families or of every loss."""
    own = {name for base in cls.__mro__ if _package(base) == _package(cls) for name in vars(base)}
    return {name: option for name, option in options_of(cls).items() if name in own}


def _package(cls: type) -> str:
    return cls.__module__.rpartition(".")[0]


def resolve(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """Every option of a class with the value given, or its default; unknown names are refused."""
    known = options_of(cls)
    for name in given:
        if name not in known:
            near = suggest(name, list(known))
            raise UnknownOptionError(
                _("{loss} has no option {name!r}.", loss=cls.__name__, name=name),
                _("one of {known}", known=", ".join(known)),
                _("did you mean {near}?", near=near) if near else _("remove {name!r}", name=name),
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
    with speaking(ENGLISH):
        lines = [f"        {name}: {o.help}; {o.expected}{_default(o)}." for name, o in options_of(cls).items()]
    return "\n".join([head + "    Args:", *lines, "", shape + tail])


def _default(option: Option) -> str:
    return "" if option.default is REQUIRED else f". Default: {option.default!r}"
