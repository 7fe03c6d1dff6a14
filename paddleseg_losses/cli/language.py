"""English or Chinese: by `--lang`, else by the locale. Every text has both, side by side."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping

import click

LANGUAGES = ("en", "zh")
_CHOSEN = f"{__name__}.chosen"  # where click keeps the choice, for a command and what it calls


def choose(language: str) -> None:
    """Speak this language for the rest of the command."""
    click.get_current_context().meta[_CHOSEN] = language


def language() -> str:
    """The language to speak."""
    context = click.get_current_context(silent=True)
    return (context.meta.get(_CHOSEN) if context else None) or of_locale()


def say(en: str, zh: str) -> str:
    """A text in the language to speak."""
    return zh if language() == "zh" else en


def of_locale(environment: Mapping[str, str] = os.environ) -> str:
    """The language of the environment, in the order of POSIX; Windows has none there, but knows its own."""
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), None)
    if named is None and os.name == "nt":
        named = locale.getlocale()[0]
    return "zh" if (named or "").lower().startswith(("zh", "chinese")) else "en"
