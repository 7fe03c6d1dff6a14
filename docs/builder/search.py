"""One index of the search for each language: whoever reads English finds no Chinese page, and the other way round.

The site generator writes one index for all. The theme looks for it, and for the pages that it names, below the base
that stands in each page.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from .language import ENGLISH, LANGUAGES, Language

BASE = re.compile(r'(<script id="__config" type="application/json">[^<]*?"base": ")[^"]*(")')


def split(site: Path, pages: Path) -> None:
    """Give each language an index of its own, and let its pages use that one.

    Args:
        site: what the generator has made.
        pages: of what it has made it, a folder for each language: a page that one lacks is shown in English there.
    """
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    for language in LANGUAGES:
        root = site / _folder(language)
        entries = [each for each in _entries(index["docs"], language) if _page(each, pages / language.code).exists()]
        _write(root / "search", {**index, "docs": entries})
        if root != site:
            for page in root.rglob("*.html"):
                base = os.path.relpath(root, page.parent)
                text, count = BASE.subn(rf"\g<1>{base}\g<2>", page.read_text(encoding="utf-8"))
                if count != 1:
                    raise SystemExit(f"{page}: the theme writes the base of the search in another way now")
                page.write_text(text, encoding="utf-8")


def _folder(language: Language) -> str:
    return "" if language == ENGLISH else f"{language.code}/"


def _entries(entries: list[dict[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Those of a language, by where they are from its folder; that of English holds the others."""
    folder, foreign = _folder(language), tuple(_folder(other) for other in language.others if other != ENGLISH)
    return [
        {**entry, "location": entry["location"][len(folder) :]}
        for entry in entries
        if entry["location"].startswith(folder) and not entry["location"].startswith(foreign)
    ]


def _page(entry: dict[str, Any], folder: Path) -> Path:
    return folder / entry["location"].partition("#")[0].replace(".html", ".md")


def _write(folder: Path, index: dict[str, Any]) -> None:
    """Twice: a page that was opened from a disk may read scripts alone."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    (folder / "search_index.json").write_text(text, encoding="utf-8")
    (folder / "search_index.js").write_text(f"var __index = {text}", encoding="utf-8")
