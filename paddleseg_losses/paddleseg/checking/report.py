"""What a check finds: mistakes, notes, and the corrected section with comments where nothing is certain."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import LossError
from . import text

Place = tuple[Any, ...]  # keys and indices from the top of the file: ("loss", "types", 0, "alpha")


@dataclass(frozen=True)
class Finding:
    """One mistake: where it is, what was found there, what was expected and what to do."""

    where: str
    found: str
    expected: str
    cure: str

    def __str__(self) -> str:
        head = f"{self.where}: {self.found}" if self.where else self.found
        return f"{head}\n   expected: {self.expected}\n   what to do: {self.cure}"


@dataclass
class Report:
    """Everything found in one file. `losses` are the losses that the section builds, as text."""

    path: Path
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    corrected: dict[str, Any] = field(default_factory=dict)  # section name to its corrected content
    comments: dict[Place, list[str]] = field(default_factory=dict)  # to write below a place of `corrected`

    @property
    def right(self) -> bool:
        """Whether no mistake was found."""
        return not self.findings

    def mistake(self, place: Place, found: str, expected: str, cure: str) -> None:
        """Note a mistake."""
        self.findings.append(Finding(where(place), found, expected, cure))

    def error(self, place: Place, error: LossError) -> None:
        """Note a mistake that one of our errors describes."""
        self.mistake(place, error.found, error.expected, error.cure)

    def remark(self, note: str) -> None:
        """Note something that is no mistake, once."""
        if note not in self.notes:
            self.notes.append(note)

    def comment(self, place: Place, line: str) -> None:
        """Write a comment into the corrected text, below what is at a place."""
        self.comments.setdefault(place, []).append(line)

    @property
    def yaml(self) -> str:
        """The corrected sections."""
        return text.dump(self.corrected, self.comments) if self.corrected else ""

    def __str__(self) -> str:
        parts = [
            f"{self.path}: {len(self.findings)} mistake(s)" if self.findings else f"{self.path}: the losses are right"
        ]
        parts += [f"{number}. {finding}" for number, finding in enumerate(self.findings, 1)]
        parts += [f"   {loss}" for loss in self.losses if self.right]
        parts += [f"note: {note}" for note in self.notes]
        if self.findings and self.corrected:
            parts.append(f"Corrected:\n\n{self.yaml}")
        return "\n".join(parts)


def where(place: Place) -> str:
    """A place as a person writes it: `loss.types[0].alpha`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")
