"""How many of something, for the sentences that say it."""

from __future__ import annotations

from . import Message, plural


def numbers(count: int) -> Message:
    """So many numbers."""
    return plural("{count} number", "{count} numbers", count)


def channels(count: int) -> Message:
    """So many channels."""
    return plural("{count} channel", "{count} channels", count)


def losses(count: int) -> Message:
    """So many losses."""
    return plural("{count} loss", "{count} losses", count)


def outputs(count: int) -> Message:
    """So many outputs of a model."""
    return plural("{count} output", "{count} outputs", count)
