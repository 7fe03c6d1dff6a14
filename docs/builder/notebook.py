"""A notebook as a page: its texts, its code, and the outputs that are stored in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache  # each language shows the same one
def markdown(path: Path) -> tuple[str, dict[str, bytes]]:
    """The text of the page, and the pictures that it shows by their file names."""
    from nbconvert import MarkdownExporter

    text, resources = MarkdownExporter().from_filename(str(path))
    return text, resources["outputs"]
