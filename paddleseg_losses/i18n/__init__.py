"""Every text that a user reads, in the language of the run.

    raise OptionError(_("{loss} has no option {name!r}.", loss="DiceLoss", name="smoth"), ...)

The code is written in English. A text keeps its template and its fields until it is shown, and `str` shows it in the
language of the run: English, unless the command line or `use` chose another. The translations are gettext catalogues,
`<language>/LC_MESSAGES/paddleseg_losses.po` in this folder; a new language is one such file.
"""

from __future__ import annotations

import gettext
import locale
import numbers
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Union

DOMAIN = "paddleseg_losses"
FOLDER = Path(__file__).parent  # of the catalogues
ENGLISH = "en"

_language = ENGLISH


def languages() -> list[str]:
    """The languages that can be chosen: English, and those that have a catalogue."""
    return [ENGLISH, *sorted(path.parts[-3] for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))]


def language() -> str:
    """The language of the run."""
    return _language


def use(code: str) -> None:
    """Show texts in this language from now on; in English if there is no catalogue for it."""
    global _language
    _language = code


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Show texts in this language for a while."""
    before = _language
    use(code)
    try:
        yield
    finally:
        use(before)


def of_locale(environment: Mapping[str, str] = os.environ) -> str:
    """The language of the environment, in the order of POSIX; Windows has none there, but knows its own."""
    names = (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name))
    name = next(names, None)
    if name is None and os.name == "nt":
        name = locale.getlocale()[0]  # such as Chinese_China
        name = locale.locale_alias.get((name or "").split("_")[0].lower(), name)
    catalogue = gettext.find(DOMAIN, str(FOLDER), [name or ENGLISH])
    return Path(catalogue).parts[-3] if catalogue else ENGLISH


class Message:
    """A text that is put into words when it is shown: an English template, and the fields that it names.

    Fields are values, or messages themselves. Write `_("...")`, where the extraction of texts finds the template; the
    class itself is for templates that are the same in every language.
    """

    plural: str | None = None  # the template for numbers other than 1
    count = 1  # the number
    context = ""  # what tells short texts apart that are the same in English

    def __init__(self, template: str, /, **fields: Any) -> None:
        self.template = template
        self.fields = {name: _kept(value) for name, value in fields.items()}

    def __str__(self) -> str:
        catalogue = _catalogue(_language)
        if self.plural is not None:
            text = catalogue.ngettext(self.template, self.plural, self.count)
        elif self.context:
            text = catalogue.pgettext(self.context, self.template)
        else:  # the translation of nothing is the header of the catalogue
            text = self.template and catalogue.gettext(self.template)
        return text.format_map(self.fields) if self.fields else text

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


Text = Union[str, Message]
_ = Message


def plural(one: str, many: str, count: int, /, **fields: Any) -> Message:
    """A text whose words depend on a number, which is its field `count`."""
    message = Message(one, count=count, **fields)
    message.plural, message.count = many, count
    return message


def in_context(context: str, template: str, /, **fields: Any) -> Message:
    """A text whose translation depends on where it stands, such as a short heading."""
    message = Message(template, **fields)
    message.context = context
    return message


WORDS, CLAUSES = in_context("between words", ", "), in_context("between clauses", "; ")


class _Listed(Message):
    """Texts one after another."""

    def __init__(self, items: Iterable[object], separator: Message) -> None:
        super().__init__("")
        self.items, self.separator = list(items), separator

    def __str__(self) -> str:
        return str(self.separator).join(map(str, self.items))


def listed(items: Iterable[object], separator: Message = WORDS) -> Message:
    """Texts as a list, with the punctuation of the language; names and numbers are joined by `", ".join`."""
    return _Listed(items, separator)


def translate(text: str) -> str:
    """A declared text, such as the help of an option, in the language of the run."""
    return str(Message(text))


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, str(FOLDER), [code], fallback=True)


def _kept(value: Any) -> Any:
    """A value as it is now, for later: only its words are kept of what may change or cannot be stored."""
    return value if value is None or isinstance(value, (str, numbers.Number, Message)) else _Words(value)


class _Words:
    """How a value is written."""

    def __init__(self, value: Any) -> None:
        self.text, self.code = str(value), repr(value)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.code
