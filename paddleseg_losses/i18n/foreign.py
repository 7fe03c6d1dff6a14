"""What other libraries say: they hand out finished English sentences, which are recognised here by their templates."""

from __future__ import annotations

import re
from functools import cache

from . import Message, Text, _

KNOWN = (
    # the operating system and Python
    _("[Errno {number}] {reason}: {path}"),
    _("No such file or directory"),
    _("Permission denied"),
    _("Is a directory"),
    _("Not a directory"),
    _("File exists"),
    _("Read-only file system"),
    _("No space left on device"),
    _("No module named {module}"),
    _("'utf-8' codec can't decode byte {byte} in position {position}: {reason}"),
    # PyYAML
    _("mapping values are not allowed here"),
    _("mapping values are not allowed in this context"),
    _("expected {expected}, but found {found}"),
    _("could not find expected {expected}"),
    _("found character {character} that cannot start any token"),
    _("found undefined alias {alias}"),
    _("found unexpected end of stream"),
    _("found unexpected {found}"),
    # the log of PaddleSeg
    _("warning: {text}"),
    _("error: {text}"),
    _("critical: {text}"),
)


def recognized(text: str) -> Text:
    """A text of another library, for the language of the run if it is a known one."""
    for template, pattern in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return Message(template, **{name: recognized(part) for name, part in match.groupdict().items()})
    return text


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The longest template first: "found unexpected end of stream" fits "found unexpected {found}" too."""
    templates = sorted((message.template for message in KNOWN), key=len, reverse=True)
    return [(template, re.compile(_pattern(template), flags=re.DOTALL)) for template in templates]


def _pattern(template: str) -> str:
    words = re.split(r"\{(\w+)\}", template)  # fields at the odd places
    return "".join(f"(?P<{word}>.+?)" if place % 2 else re.escape(word) for place, word in enumerate(words))
