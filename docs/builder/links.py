"""The links of a finished site: mkdocs checks those of the Markdown, this one every `href` and `src` of the pages."""

from __future__ import annotations

import os
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ALONE = "404.html"  # served at any address, so its links are absolute


class _Page(HTMLParser):
    """Collects the anchors of a page and where it points."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.targets.add(value)


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken(site: Path) -> list[str]:
    """Every link of a site that leads nowhere, and everything that it would load from elsewhere."""
    problems = []
    for path in sorted(site.rglob("*.html")):
        if path.name != ALONE:
            problems += [
                f"{path.relative_to(site)}: {link}" for link in sorted(_read(path).targets) if _dead(path, link)
            ]
    return problems


def _dead(path: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return parts.scheme not in ("http", "https", "mailto")
    goal = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
    if not goal.is_file():
        goal /= "index.html"
        if not goal.is_file():
            return True
    anchor = unquote(parts.fragment)
    return bool(anchor) and goal.suffix == ".html" and anchor not in _read(goal).anchors | {"__comments"}
