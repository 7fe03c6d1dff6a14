"""How far the work is; as a hook of the site generator, which is quiet otherwise, it counts the pages."""

from __future__ import annotations

import logging
import sys
from typing import Any

_pages = {"written": 0, "all": 0}


def report(count: int, total: int, words: str) -> None:
    """On a terminal one line that changes, elsewhere ten lines."""
    line = f"[{count}/{total}] {words}"
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="\n" if count == total else "", file=sys.stderr, flush=True)
    elif count == total or count * 10 // total > (count - 1) * 10 // total:
        print(line, file=sys.stderr, flush=True)


def on_config(config: Any) -> None:
    """What divides Chinese into words, for the search, tells of each step otherwise."""
    logging.getLogger("jieba").setLevel(logging.WARNING)


def on_env(env: Any, config: Any, files: Any) -> None:
    """The pages of a language are known."""
    _pages.update(written=0, all=len(files.documentation_pages()))


def on_post_page(output: str, page: Any, config: Any) -> None:
    """A page is made."""
    _pages["written"] += 1
    report(_pages["written"], _pages["all"], f"pages in {config.theme['language']}: {page.file.dest_uri}")
