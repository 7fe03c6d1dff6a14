"""Reading YAML that anybody may have written: in bounded time and memory, executing nothing, with errors that explain.

PyYAML is asked only for events at first, which takes neither memory nor recursion; what would be dangerous or a
surprise is refused there, before anything is built. The limits are far above every real configuration.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigError
from .i18n import Text, _
from .i18n.foreign import recognized

MAX_BYTES, MAX_DEPTH, MAX_VALUES, MAX_DIGITS = 256 * 1024, 64, 20_000, 100
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
_RESOLVER: Any = yaml.resolver.Resolver()
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "seq", "map", "timestamp"}
_NUMBER = re.compile(r"[-+.]?[0-9][0-9a-fA-Fxob_:.]*")
# Where nobody means punctuation of a text: `type：DiceLoss`, `[1，2]`, a bracket, quote or wide blank at the beginning.
_FULL_WIDTH = re.compile(r"[\w.+\- ]*[：，]|[“”‘’「『【［｛（\u3000\u00a0]", re.ASCII)
_KINDS = {
    stat.S_ISFIFO: _("a pipe"),
    stat.S_ISCHR: _("a device"),
    stat.S_ISBLK: _("a device"),
    stat.S_ISSOCK: _("a socket"),
}
_TOO_DEEP = (
    _("nesting of more than {limit} levels", limit=MAX_DEPTH),
    _("remove brackets or indentation: a configuration has no more than ten levels"),
)
_WIDE = re.compile("[：，［］｛｝“”‘’「」【】\u3000\u00a0]")
_NARROW = _("type it with an English keyboard, such as : for ： and , for ，; or put quotes around a text")


def read(path: Path, name: Text | None = None, only_named_so: bool = False, local_tags: bool = False) -> Any:
    """What a file contains, or a ConfigError that says what is wrong with it, and where.

    Args:
        path: the file.
        name: what errors call it.
        only_named_so: whether its name has to end as that of a YAML file, since somebody else's file asks for it.
        local_tags: whether tags such as `!Tag` pass, as untagged values: a program may define its own.

    Raises:
        FileNotFoundError: there is none; so that the caller can propose another.
        IsADirectoryError: it is a folder.
        ConfigError: it cannot be read, or is not YAML of a reasonable size.
    """
    name = str(path) if name is None else name
    try:
        text = _text(path, name, only_named_so)
    except (FileNotFoundError, IsADirectoryError):
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _("{path} cannot be read: {error}.", path=name, error=recognized(str(error))),
            _("a YAML file in UTF-8"),
            _("save the file as plain text in UTF-8") if isinstance(error, UnicodeDecodeError) else _("save it again"),
        ) from None
    return parse(text, name, local_tags)


def parse(text: str, name: Text, local_tags: bool = False) -> Any:
    """The value that a text in YAML describes."""
    try:
        _Watch(name, local_tags).follow(yaml.parse(text, Loader=_LOADER))
        return yaml.load(text, Loader=_with_local_tags() if local_tags else _LOADER)
    except yaml.YAMLError as error:
        raise _syntax_error(name, text, error) from None
    except (ValueError, TypeError, OverflowError) as error:  # a tag or a date that does not fit its value
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            _("{place}: {problem}.", place=name, problem=str(error)),
            "YAML",
            _("put quotes around what is text, and remove tags such as !!int"),
        ) from None


def _with_local_tags() -> Any:
    def untagged(loader: Any, _suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    class Loader(_LOADER):  # type: ignore[misc]
        """A class of its own, so that the tags are known to no other."""

    Loader.add_multi_constructor("!", untagged)
    return Loader


def require_file(path: Path, name: Text | None = None) -> None:
    """Refuse what has no end, or waits for somebody: pipes, devices, sockets; other errors are those of `stat`."""
    mode = path.stat().st_mode
    for is_kind, kind in _KINDS.items():
        if is_kind(mode):
            raise ConfigError(
                _("{path} is {kind}, not a file.", path=str(path) if name is None else name, kind=kind),
                _("a file"),
                _("give the path of a file"),
            )


def _text(path: Path, name: Text, only_named_so: bool) -> str:
    require_file(path, name)
    if only_named_so and path.is_file() and path.suffix not in (".yml", ".yaml"):
        raise ConfigError(
            _("{path} is not named as a YAML file.", path=name), _("a name that ends in .yml"), _("rename the file")
        )
    with path.open("rb") as file:  # no further than the limit, whatever its size is said to be
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ConfigError(
            _("{path} is larger than {limit} KiB.", path=name, limit=MAX_BYTES // 1024),
            _("a configuration, which has a few KiB"),
            _("give the path of the configuration: this looks like data"),
        )
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def _type(event: Any) -> str:
    """The tag of a value, written or not: "255" in quotes is a text, and 255 a number."""
    written = event.tag not in (None, "!")
    return str(event.tag if written else _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit))


@dataclass(frozen=True)
class _Value:
    """What is remembered of a value: of how many it consists, and what tells it from another."""

    size: int
    print: int


@dataclass
class _Open:
    """A mapping or list that has begun; in a mapping every second value is a key."""

    event: Any
    size: int = 1
    prints: list[int] = field(default_factory=list)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)  # their lines, and the prints of their values
    key: Any = None  # the event of the key whose value comes next
    at_key: bool = False

    def value(self) -> _Value:
        """It is complete."""
        return _Value(self.size, hash((type(self.event), *self.prints)))


class _Watch:
    """Follows the events of a document, and refuses what cannot be a configuration."""

    def __init__(self, name: Text, local_tags: bool = False) -> None:
        self.name, self.local_tags = name, local_tags
        self.open: list[_Open] = []
        self.named: dict[str, _Value] = {}  # by anchor

    def follow(self, events: Iterator[Any]) -> None:
        """All events, one after another."""
        for event in events:
            if isinstance(event, yaml.CollectionEndEvent):
                done = self.open.pop()
                self._complete(done.event, done.value())
            elif isinstance(event, yaml.AliasEvent):
                self._complete(event, self._repeated(event))
            elif isinstance(event, yaml.ScalarEvent):
                self._refuse_tag(event)
                self._refuse_scalar(event)
                self._complete(event, _Value(1, hash((event.value, _type(event)))))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._refuse_tag(event)
                self._begin(event)

    def _begin(self, event: Any) -> None:
        if self.open and self.open[-1].at_key:
            self._refuse(event, _("a list or mapping as a key"), _("write a plain key"))
        self.open.append(_Open(event, at_key=isinstance(event, yaml.MappingStartEvent)))
        if len(self.open) > MAX_DEPTH:
            self._refuse(event, *_TOO_DEEP)

    def _repeated(self, event: Any) -> _Value:
        if any(above.event.anchor == event.anchor for above in self.open):
            self._refuse(event, _("*{anchor} inside of itself", anchor=event.anchor), _("write the values themselves"))
        return self.named.get(event.anchor, _Value(1, 0))

    def _complete(self, event: Any, value: _Value) -> None:
        if not isinstance(event, yaml.AliasEvent) and event.anchor:
            self.named[event.anchor] = value
        if not self.open:
            return
        above = self.open[-1]
        above.size += value.size
        above.prints.append(value.print)
        if above.size > MAX_VALUES:
            self._refuse(
                event,
                _("a text of more than {limit} values, with those that anchors repeat", limit=MAX_VALUES),
                _("write out what is needed: a configuration has some hundred values"),
            )
        if isinstance(above.event, yaml.MappingStartEvent):
            self._enter(above, event, value)

    def _enter(self, above: _Open, event: Any, value: _Value) -> None:
        """PyYAML takes the last value of a key that stands twice, without a word; PaddleSeg's files repeat some."""
        if above.at_key:
            above.key = event if isinstance(event, yaml.ScalarEvent) else None
        elif above.key is not None and above.key.value != "<<":
            name, line = above.key.value, above.key.start_mark.line + 1
            before, print = above.keys.setdefault(name, (line, value.print))
            if print != value.print:
                self._refuse(
                    above.key,
                    _("the key {name!r} with another value than in line {line}", name=name, line=before),
                    _("remove one of the two"),
                )
        above.at_key = not above.at_key

    def _refuse_tag(self, event: Any) -> None:
        tag = event.tag or ""
        if tag in ("", "!") or tag.removeprefix("tag:yaml.org,2002:") in _PLAIN_TAGS:
            return
        if self.local_tags and tag.startswith("!"):  # those of Python are written !!, and stand here in full
            return
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._refuse(event, _("the tag {tag}", tag=shown), _("remove the tag: a configuration holds plain values only"))

    def _refuse_scalar(self, event: Any) -> None:
        if not event.implicit[0]:
            return
        if len(event.value) > MAX_DIGITS and _NUMBER.fullmatch(event.value):
            self._refuse(
                event,
                _("a number of {count} characters", count=len(event.value)),
                _("write it in at most {limit} characters, such as 1.0e+20", limit=MAX_DIGITS),
            )
        if _FULL_WIDTH.match(event.value):
            self._refuse(
                event,
                _("full-width punctuation in {value!r}", value=event.value[:40]),
                _NARROW,
            )

    def _refuse(self, event: Any, what: Text, cure: Text) -> None:
        raise _refusal(_place(self.name, event.start_mark), what, cure)


def _refusal(place: Text, what: Text, cure: Text) -> ConfigError:
    return ConfigError(_("{place}: there is {what}.", place=place, what=what), _("plain YAML"), cure)


def _place(name: Text, mark: Any) -> Text:
    return _("{path}, line {line}, column {column}", path=name, line=mark.line + 1, column=mark.column + 1)


def _wide_line(lines: list[str], error: yaml.YAMLError) -> int | None:
    """The first line with such punctuation of what cannot be read: a text goes on where a colon is not one."""
    mark = getattr(error, "problem_mark", None)
    begin: Any = getattr(error, "context_mark", None) or mark
    numbers = range(begin.line, min(mark.line + 1, len(lines))) if mark else ()
    return next((number for number in numbers if _WIDE.search(lines[number].partition("#")[0])), None)


def _syntax_error(name: Text, text: str, error: yaml.YAMLError) -> ConfigError:
    if isinstance(error, yaml.reader.ReaderError):
        number = text.count("\n", 0, error.position) + 1
        return _refusal(
            _("{path}, line {line}", path=name, line=number),
            _("the control character {code}", code=f"U+{ord(text[error.position]):04X}"),
            _("save the file as plain text in UTF-8"),
        )
    mark = getattr(error, "problem_mark", None)
    place = _place(name, mark) if mark else name
    if getattr(error, "problem", None) == "exceeded maximum nesting depth":
        return _refusal(place, *_TOO_DEEP)
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    wide = _wide_line(lines, error)
    if wide is not None:
        found = _("full-width punctuation in {value!r}", value=lines[wide].strip()[:40])
        return _refusal(_("{path}, line {line}", path=name, line=wide + 1), found, _NARROW)
    tabs, spaces = _("indent with spaces, not tabs"), _("check the indentation, colons and brackets there")
    cure: Text = tabs if "\t" in line else spaces
    return ConfigError(
        _("{place}: {problem}.", place=place, problem=recognized(getattr(error, "problem", None) or str(error))),
        "YAML",
        _("{cure}: {line!r}", cure=cure, line=line.strip()) if line.strip() else cure,
    )
