"""What the help texts share."""

from __future__ import annotations


def example(line: str, where: str = "") -> str:
    """The end of a help text: a command to copy; click keeps paragraphs behind a backspace as they are."""
    return f"\b\nExample{where}:\n  {line}"
