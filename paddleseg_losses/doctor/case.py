"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..paddleseg.checking import Finding


@dataclass(frozen=True)
class Advice:
    """One warning, in both languages, and what to change, as YAML; `code` names its kind for scripts."""

    code: str
    en: str
    zh: str
    yaml: str


@dataclass(frozen=True)
class ClassFact:
    """How often a class occurs in the masks looked at, and in the batch after its transforms."""

    index: int
    name: str
    share: float  # of the labelled pixels
    masks: int
    batch: float | None  # None without a batch


@dataclass(frozen=True)
class TermFact:
    """One term of the loss on the batch."""

    head: int
    name: str
    weight: float  # with the head's coefficient, at the first step
    value: float
    gradient: float  # norm of the weighted term's gradient with respect to the head's logits
    share: float  # of the gradients of its head

    @property
    def label(self) -> str:
        """Its name with its head."""
        return f"head {self.head}: {self.name}"

    @property
    def label_zh(self) -> str:
        """The same in Chinese."""
        return f"第 {self.head} 个输出的 {self.name}"


@dataclass
class Diagnosis:
    """Everything found. `mistakes` of the loss section come first: with them nothing else is looked at."""

    config: Path
    mistakes: list[Finding] = field(default_factory=list)
    corrected: str = ""  # the loss section without the mistakes, as YAML
    masks: int = 0  # looked at
    all_masks: int = 0
    classes: list[ClassFact] = field(default_factory=list)
    batch: list[int] = field(default_factory=list)  # shape of the images
    heads: int = 0
    terms: list[TermFact] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.mistakes or self.advice)
