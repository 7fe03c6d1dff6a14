"""Programs and configs as pages: a browser that is led to one shows it, where the file itself would be saved."""

from __future__ import annotations

from html import escape
from pathlib import Path

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_for_filename

SHOWN = (".py", ".yml")
STYLE = "web/listing.css"
LIGHT, DARK = "default", "github-dark"  # styles of Pygments
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{file}</title>
<link rel="stylesheet" href="{up}{style}">
</head>
<body>
<header><h1>{file}</h1><a href="{name}" download>↓ {name}</a></header>
<main>
{code}</main>
</body>
</html>
"""
RULES = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem;
  font: 15px/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.1rem; overflow-wrap: anywhere; }
pre { padding: 1rem; overflow-x: auto;
  font: 13px/1.5 ui-monospace, Menlo, Consolas, "Noto Sans Mono CJK SC", monospace; }
"""


def page(file: str, text: str) -> str:
    """A page that shows a file of the repository, to lie beside a copy of it."""
    code = highlight(text, get_lexer_for_filename(file), HtmlFormatter(nowrap=False))
    folders = file.count("/") + 1  # and the one that all files are in
    return PAGE.format(file=escape(file), name=escape(Path(file).name), up="../" * folders, style=STYLE, code=code)


def style() -> str:
    """The style sheet of all of them."""
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in (LIGHT, DARK))
    return f"{RULES}{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
