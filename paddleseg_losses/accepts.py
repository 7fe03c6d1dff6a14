"""Which problems a loss takes: facts that its spec or its terms state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Accepts:
    """The problems that a loss takes."""

    modes: tuple[str, ...]
    soft: bool = False  # float targets
    logits_only: tuple[str, ...] = ()  # modes in which probabilities do not determine the loss

    def both(self, other: Accepts) -> Accepts:
        """What two losses take."""
        modes = tuple(mode for mode in self.modes if mode in other.modes)
        return Accepts(modes, self.soft and other.soft, self.logits_only + other.logits_only)
