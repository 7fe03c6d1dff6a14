"""What is known about each loss, in the words of one language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from paddleseg_losses.describe import Description, describe, docstring
from paddleseg_losses.formula import Line
from paddleseg_losses.i18n import speaking
from paddleseg_losses.options import REQUIRED
from paddleseg_losses.registry import FAMILIES, SYMPTOMS, LossSpec

from .language import Language


@dataclass(frozen=True)
class Known:
    """A loss as the pages describe it."""

    spec: LossSpec
    language: Language

    @cached_property
    def description(self) -> Description:
        """Its docstring and its options."""
        with speaking(self.language.code):
            return describe(self.spec)

    @property
    def name(self) -> str:
        """Of the class."""
        return self.spec.name

    @property
    def title(self) -> str:
        """What people call it."""
        return self.language.of(self.spec.title)

    @property
    def purpose(self) -> str:
        """What it is for, in a line."""
        return self.language.of(self.spec.purpose)

    @property
    def chapter(self) -> str:
        """Its chapter of the article."""
        return self.language.of(FAMILIES[self.spec.family])

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self.section("Summary")

    @property
    def range(self) -> str:
        """The interval of its values, as its first line states it."""
        return re.findall(r"; range ([\[(].*?[\])])", docstring(self.spec.cls)["Summary"])[0].replace("inf", "∞")

    @property
    def modes(self) -> str:
        """The kinds of problem."""
        return self.language.join(self.spec.modes)

    @property
    def paper(self) -> str:
        """Authors and year as a link, and where in the paper; nothing for a loss that has none."""
        if not self.spec.published:
            return self.language("none: a sum")
        short = f"[{self.spec.paper.partition(',')[0]} {self.spec.paper[-4:]}]({self.spec.link})"
        return self.language("{paper}, {place}", paper=short, place=self.description.equation)

    def symptom(self, key: str) -> str:
        """The words of a symptom."""
        return self.language.of(SYMPTOMS[key])

    def section(self, title: str) -> str:
        """A section of its docstring."""
        return self.description.sections[title]

    def formula(self) -> tuple[Line, ...]:
        """Its equations, the loss itself first, and what every symbol means."""
        return self.description.formula

    def shapes(self) -> list[tuple[str, str]]:
        """What goes in and comes out, with the shape of each."""
        names = {"output": self.language("output")}
        return [(names.get(name, f"`{name}`"), shape) for name, shape in self.description.shapes.items()]

    def options(self, own: bool) -> list[tuple[str, str, str, str]]:
        """Name, default, accepted values and meaning of its own options, or of shared ones."""
        return [
            (
                option.name,
                self.language("required") if option.default is REQUIRED else f"`{_plain(option.default)}`",
                option.values,
                option.meaning,
            )
            for option in self.description.options
            if option.own == own
        ]


def _plain(default: Any) -> str:
    """A default as YAML users write it."""
    return repr(list(default) if isinstance(default, tuple) else default)
