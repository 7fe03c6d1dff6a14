"""What is known about each loss, in the words of one language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from paddleseg_losses.cli.docstrings import for_and_against
from paddleseg_losses.options.chinese import accepted

from paddleseg_losses.cli.show import describe
from paddleseg_losses.options import REQUIRED, options_of, own_options_of
from paddleseg_losses.registry import FAMILIES, SYMPTOMS, LossSpec

from .language import Language, Translations

# Works, each with its place in brackets and perhaps equation numbers: nothing to translate but these.
WORK = r"[A-Z][^;(]* \d{4} \([^)]*\)(, eq\. \d+(( and | to )\d+)?)?"
CITATIONS = rf"{WORK}(; {WORK})*\."


@dataclass(frozen=True)
class Known:
    """A loss as the pages tell it."""

    spec: LossSpec
    language: Language
    translations: Translations

    @property
    def name(self) -> str:
        """Of the class."""
        return self.spec.name

    @property
    def title(self) -> str:
        """What people call it."""
        return self.language(self.spec.title, self.spec.title_zh)

    @property
    def purpose(self) -> str:
        """What it is for, in a line."""
        return self.language(self.spec.purpose, self.spec.purpose_zh)

    @property
    def chapter(self) -> str:
        """Its chapter of the article."""
        return self.language(self.spec.family, FAMILIES[self.spec.family])

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self._translated("Summary", self._docstring.summary)

    @property
    def range(self) -> str:
        """The interval of its values, as its first line says it."""
        return re.findall(r"; range ([\[(].*?[\])])", self._docstring.summary)[0].replace("inf", "∞")

    @property
    def modes(self) -> str:
        """The kinds of problem."""
        return self.language(", ", "、").join(self.spec.modes)

    @property
    def equation(self) -> str:
        """Where in the paper."""
        return self._phrase(self.spec.equation)

    @property
    def paper(self) -> str:
        """Authors and year as a link, and where in the paper; nothing for a loss that has none."""
        if not self.spec.published:
            return self.language("none: a sum", "无：求和")
        short = f"{self.spec.paper.partition(',')[0]} {self.spec.paper[-4:]}"
        return f"[{short}]({self.spec.link}){self.language(', ', '，')}{self.equation}"

    @property
    def reference(self) -> str:
        """Authors, years and equation numbers; what is more than that is a phrase."""
        english = " ".join(self._docstring.sections["Reference"].split())
        if not self.language.chinese or re.fullmatch(CITATIONS, english):
            return self.language(english, re.sub(r"eq\. (\d+)( and | to )?", _equation, english))
        return self._phrase(english)

    def symptom(self, key: str) -> str:
        """The words of a symptom."""
        return self.language(*SYMPTOMS[key])

    def section(self, title: str) -> str:
        """A section of its docstring."""
        return self._translated(title, self._docstring.sections[title])

    def verbatim(self, title: str) -> str:
        """A section of its docstring that is code."""
        return self._docstring.sections[title]

    def when(self) -> tuple[str, str]:
        """What it is for and what it is not for."""
        halves = for_and_against(self._docstring.sections["When"])
        if not halves:
            raise SystemExit(f"{self.name}: `When` is not `For: ... Against: ...`")
        return self._translated("For", halves[0]), self._translated("Against", halves[1])

    def shapes(self) -> list[tuple[str, str]]:
        """What goes in and comes out, with the shape of each."""
        text = re.sub(r"\n +", " ", self._docstring.sections["Shape"])
        pairs = [line.partition(": ")[::2] for line in text.splitlines()]
        output = self.language("output", "输出")
        return [(output if name == "output" else f"`{name}`", self._phrase(shape)) for name, shape in pairs]

    def options(self) -> dict[bool, list[tuple[str, str, str, str]]]:
        """Name, default, accepted values and meaning of its own options (True) and of shared ones (False)."""
        own = own_options_of(self.spec.cls)
        found: dict[bool, list[tuple[str, str, str, str]]] = {True: [], False: []}
        for name, option in options_of(self.spec.cls).items():
            default = self.language("required", "必填") if option.default is REQUIRED else f"`{_plain(option.default)}`"
            meaning = self.language(option.help, option.zh)
            found[name in own].append((name, default, self._accepted(option.expected), meaning))
        return found

    def _accepted(self, english: str) -> str:
        return accepted(english) if self.language.chinese else english

    def _phrase(self, english: str) -> str:
        return self.translations.phrase(english) if self.language.chinese else english

    def _translated(self, title: str, english: str) -> str:
        return self.translations.section(self.name, title, english) if self.language.chinese else english

    @property
    def _docstring(self) -> Any:
        return describe(self.spec)


def _plain(default: Any) -> str:
    """A default as YAML users write it."""
    return repr(list(default) if isinstance(default, tuple) else default)


def _equation(found: re.Match[str]) -> str:
    return f"式 {found[1]}" + {" and ": "、", " to ": "至 ", None: ""}[found[2]]
