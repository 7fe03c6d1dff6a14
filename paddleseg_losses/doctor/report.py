"""What the checks of the doctor find."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..i18n import Message, Text, _
from ..paddleseg.checking import Mistake

SAVE_AS_INDICES = _("Save each mask with one channel (mode L or P) that holds the class indices 0, 1, 2, ...")


@dataclass(frozen=True)
class Finding:
    """One warning, and what to change, as YAML; `code` names its kind for scripts."""

    code: str
    text: Text
    yaml: Text


def commented(code: Text, comment: Text) -> Message:
    """A line of YAML with a comment behind it."""
    return Message("{code}  # {comment}", code=code, comment=comment)


@dataclass(frozen=True)
class ClassFact:
    """How often a class occurs in the masks that were checked, and in the batch after its transforms."""

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
    def label(self) -> Message:
        """Its name with its head."""
        return _("head {head}: {name}", head=self.head, name=self.name)


@dataclass(frozen=True)
class MemoryFact:
    """Megabytes on an accelerator, as far as our losses are concerned."""

    logits: float  # of all outputs of the model
    losses: float  # at most, beside the model
    device: float | None  # None if Paddle sees no GPU


@dataclass
class Diagnosis:
    """Everything found. `mistakes` of the loss section come first: with them nothing else is checked."""

    config: Path
    mistakes: list[Mistake] = field(default_factory=list)
    corrected: Text = ""  # the loss section without the mistakes, as YAML
    masks: int = 0  # checked
    all_masks: int = 0
    classes: list[ClassFact] = field(default_factory=list)
    batch: list[int] = field(default_factory=list)  # shape of the images
    heads: int = 0
    terms: list[TermFact] = field(default_factory=list)
    memory: MemoryFact | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether no problem was found."""
        return not (self.mistakes or self.findings)
