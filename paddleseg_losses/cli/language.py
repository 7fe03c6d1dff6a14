"""The language of a command, for our texts and for those of click, which uses the gettext domain of the process."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager

from .. import i18n
from ..i18n import _, plural

# Texts of click that a user can meet; it looks them up by itself, by these very words. Those of older versions too.
CLICK = (
    _("Usage:"),
    _("Options"),
    _("Commands"),
    _("default: {default}"),
    _("env var: {var}"),
    _("required"),
    _("Show the version and exit."),
    _("Aborted!"),
    _("Missing command."),
    _("Missing argument"),
    _("Missing option"),
    _("Missing parameter"),
    _("No such command {name!r}."),
    _("No such option {name!r}."),
    _("No such option: {name}"),
    plural("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
    plural("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
    _("Invalid value: {message}"),
    _("Invalid value for {param_hint}: {message}"),
    _("Choose from:\n\t{choices}"),
    plural("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    _("{value!r} is not a valid {number_type}."),
    _("{value} is not in the range {range}."),
    plural("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    _("Option {name!r} does not take a value."),
    _("file"),
    _("directory"),
    _("path"),
    _("{name} {filename!r} does not exist."),
    _("{name} {filename!r} is a file."),
    _("{name} {filename!r} is a directory."),
    _("{name} {filename!r} is not readable."),
    _("{name} {filename!r} is not writable."),
)
# Names of its types, which it does not look up; the longer ones first.
TYPES = (_("integer range"), _("float range"), _("integer"), _("float"))


def choose_language(code: str) -> None:
    """Show texts in this language for the rest of the command."""
    i18n.use(code)
    os.environ["LANGUAGE"] = code


def continued(command: str) -> str:
    """A command to go on with, in the language of this one: that of the locale need not be said again."""
    code = i18n.language()
    return command if code == i18n.of_locale() else f"{command} --lang {code}"


@contextmanager
def spoken(code: str) -> Iterator[None]:
    """Show texts in this language, click's too, unless a command chooses another; afterwards all is as before."""
    domain, variable = gettext.textdomain(), os.environ.get("LANGUAGE")
    folder = gettext.bindtextdomain(i18n.DOMAIN)
    gettext.bindtextdomain(i18n.DOMAIN, str(i18n.FOLDER))
    gettext.textdomain(i18n.DOMAIN)
    try:
        with i18n.speaking(code):
            choose_language(code)
            yield
    finally:
        gettext.textdomain(domain)
        gettext.bindtextdomain(i18n.DOMAIN, folder)
        os.environ.pop("LANGUAGE", None)
        if variable is not None:
            os.environ["LANGUAGE"] = variable
