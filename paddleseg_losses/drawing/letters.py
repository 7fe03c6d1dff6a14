"""Letters that matplotlib's own font lacks: a font of the system that has them, or else the English words."""

from __future__ import annotations

import dataclasses
import warnings
from functools import cache
from typing import Any

from ..i18n import ENGLISH, Text, _, speaking

FAMILY = "paddleseg_losses Chinese"
_warned = False
# Fonts with Chinese letters that systems bring or offer; the first that is installed is used.
CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "Hiragino Sans GB",
    "Heiti SC", "Microsoft YaHei", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans CJK JP",
    "Droid Sans Fallback", "SimSun", "AR PL UMing CN", "Arial Unicode MS",
)  # fmt: skip


def written(text: Text, otherwise: str | None = None) -> str:
    """A text as it can be drawn: in the language of the run if a font has its letters, else in English.

    Args:
        text: what is to stand in a picture.
        otherwise: to stand there instead where no font has its letters; the English words if it is None.
    """
    words = str(text)
    if can_be_drawn(words):
        return words
    _warn(words)
    with speaking(ENGLISH):
        return str(text) if otherwise is None else otherwise


def can_be_drawn(words: str) -> bool:
    """Whether fonts have all the letters."""
    missing = _missing(words)
    return not missing or missing <= _chinese()[1]


def use_fonts(figure: Any) -> None:
    """Draw each text of a figure with fonts that have its letters; one that no font has becomes a question mark."""
    from matplotlib.text import Text as Drawn

    for drawn in figure.findobj(Drawn):
        words = drawn.get_text()
        missing = _missing(words)
        if not missing:
            continue
        family, letters = _chinese()
        if family:
            drawn.set_fontfamily([*drawn.get_fontfamily(), family])
        if not missing <= letters:
            _warn(words)
            drawn.set_text("".join("?" if ord(letter) in missing - letters else letter for letter in words))


def _missing(words: str) -> set[int]:
    """The letters that the font lacks with which matplotlib draws."""
    return set() if words.isascii() else set(map(ord, words)) - _own() - {ord("\n")}


@cache
def _own() -> frozenset[int]:
    """The letters of the font that matplotlib draws with."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())


@cache
def _chinese() -> tuple[str, frozenset[int]]:
    """A font with Chinese letters and all that it has; an empty name if none is installed."""
    from matplotlib import font_manager

    fonts = font_manager.fontManager
    known = {font.fname for font in fonts.ttflist}
    for file in font_manager.findSystemFonts():  # matplotlib remembers those of its first run
        if file not in known:
            try:
                fonts.addfont(file)
            except (OSError, RuntimeError):  # it cannot read such a file
                continue
    installed = {font.name: font for font in fonts.ttflist}
    for name in CHINESE:
        if name in installed:
            # Under a name of our own, as of normal weight: matplotlib complains where a font has another one only.
            fonts.ttflist.append(dataclasses.replace(installed[name], name=FAMILY, weight=400, style="normal"))
            return FAMILY, frozenset(font_manager.get_font(installed[name].fname).get_charmap())
    return "", frozenset()


def _warn(words: str) -> None:
    """Once: the sentence is the same for all words of a picture."""
    global _warned
    if not _warned:
        _warned = True
        text = _(
            "No font that is installed has the letters of {words}: pictures show English words or numbers instead. "
            "Noto Sans CJK has Chinese ones (Debian and Ubuntu: apt install fonts-noto-cjk).",
            words=repr(words),
        )
        warnings.warn(str(text), stacklevel=4)
