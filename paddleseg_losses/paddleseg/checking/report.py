"""What a check finds: mistakes, notes, and the corrected section, with comments where the correction is uncertain."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import LossError
from ...i18n import Text, _, plural
from . import text

Place = tuple[Any, ...]  # keys and indices from the top of the file: ("loss", "types", 0, "alpha")


@dataclass(frozen=True)
class Mistake:
    """One mistake: where it is, what was found there, what was expected and what to do."""

    where: str
    found: Text
    expected: Text
    cure: Text

    def __str__(self) -> str:
        head = _("{place}: {found}", place=self.where, found=self.found) if self.where else self.found
        parts = {"found": head, "expected": self.expected, "cure": self.cure}
        return str(_("{found}\n   expected: {expected}\n   what to do: {cure}", **parts))


@dataclass
class Report:
    """Everything found in one file. `losses` are the losses that the section builds, as text."""

    path: Path
    mistakes: list[Mistake] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    corrected: dict[str, Any] = field(default_factory=dict)  # section name to its corrected content
    comments: dict[Place, list[Text]] = field(default_factory=dict)  # to write below a place of `corrected`
    gaps: list[Text] = field(default_factory=list)  # those comments that say what the writer of the file has to fill in

    @property
    def right(self) -> bool:
        """Whether no mistake was found."""
        return not self.mistakes

    def mistake(self, place: Place, found: Text, expected: Text, cure: Text) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(where(place), found, expected, cure))

    def error(self, place: Place, error: LossError) -> None:
        """Note a mistake that one of our errors describes."""
        self.mistake(place, error.found, error.expected, error.cure)

    def remark(self, note: Text) -> None:
        """Note something that is not a mistake, once."""
        if str(note) not in map(str, self.notes):
            self.notes.append(note)

    def comment(self, place: Place, line: Text) -> None:
        """Write a comment into the corrected text, below what is at a place."""
        self.comments.setdefault(place, []).append(line)

    def gap(self, place: Place, line: Text) -> None:
        """Comment on what no correction can guess: without it the corrected text is still wrong."""
        self.comment(place, line)
        self.gaps.append(line)

    @property
    def above_corrected(self) -> Text:
        """The line above the corrected text."""
        return _("Corrected, but for what the comments ask for:") if self.gaps else _("Corrected:")

    @property
    def yaml(self) -> str:
        """The corrected sections."""
        return text.dump(self.corrected, self.comments) if self.corrected else ""

    def __str__(self) -> str:
        count = plural("{count} mistake", "{count} mistakes", len(self.mistakes))
        verdict = _("the losses are right") if self.right else count
        parts = [str(_("{place}: {found}", place=self.path, found=verdict))]
        parts += [f"{number}. {mistake}" for number, mistake in enumerate(self.mistakes, 1)]
        parts += [f"   {loss}" for loss in self.losses if self.right]
        parts += [str(_("note: {note}", note=note)) for note in self.notes]
        if self.mistakes and self.corrected:
            parts.append(f"{self.above_corrected}\n\n{self.yaml}")
        return "\n".join(parts)


def where(place: Place) -> str:
    """A place as a person writes it: `loss.types[0].alpha`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")
