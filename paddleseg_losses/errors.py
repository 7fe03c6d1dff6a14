"""The errors a user can meet. Each says what was found, what was expected and what to do.

The three are texts of `i18n`, so an error is shown in the language of the run. PaddleSeg keeps only the text of an
error raised in a constructor, so the text alone must be enough.
"""

from __future__ import annotations

from .i18n import Text, _


class LossError(Exception):
    """Root of every error of this package."""

    def __init__(self, found: Text, expected: Text = "", cure: Text = "") -> None:
        super().__init__(found, expected, cure)
        self.found, self.expected, self.cure = found, expected, cure

    def __str__(self) -> str:
        if not (self.expected or self.cure):  # made anew from its text, as Paddle does in a static graph
            return str(self.found)
        parts = {"found": self.found, "expected": self.expected, "cure": self.cure}
        return str(_("{found}\n  expected: {expected}\n  what to do: {cure}", **parts))


class OptionError(LossError, ValueError):
    """An option of a loss has a value that it cannot have."""


class UnknownOptionError(OptionError, TypeError):
    """A loss was given an option that it does not have."""


class UnknownLossError(OptionError):
    """No loss has this name."""


class InputError(LossError, ValueError):
    """The tensors given to a loss do not fit together, or do not fit the loss."""


class LabelError(InputError):
    """The labels hold values that the loss cannot read."""


class ConfigError(LossError, ValueError):
    """A configuration file cannot be used."""


class DataError(LossError, ValueError):
    """A dataset cannot be created or read."""


class MissingDependencyError(LossError, ImportError):
    """An optional package is needed and not installed."""


class KernelError(LossError, RuntimeError):
    """Native kernels were required and cannot be used, or do not support the input."""


class LawError(LossError, AssertionError):
    """A loss breaks laws that every loss has to keep; `paddleseg_losses.testing` has them, `broken` says which."""

    def __init__(self, found: Text, expected: Text = "", cure: Text = "", broken: tuple[str, ...] = ()) -> None:
        super().__init__(found, expected, cure)
        self.broken = broken
