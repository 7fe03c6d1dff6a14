"""Pages that open without a server, with their pictures inside, and tables for them and for Markdown."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from .errors import MissingDependencyError
from .i18n import Text, _, language

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #22252b }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto }
th:first-child { text-align: left }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #d9dce1; white-space: nowrap }
.facts td + td { white-space: normal; overflow-wrap: anywhere }
img, svg { max-width: 100%; height: auto }
figure { margin: 1.2rem 0; overflow-x: auto }
svg { min-width: 32rem }
figcaption { font-size: 13px; overflow-wrap: anywhere }
pre { overflow-x: auto; font-size: 13px }
.key span { display: inline-block; width: .9em; height: .9em; margin: 0 .4em 0 1.2em; border: 1px solid #888 }
@media (prefers-color-scheme: dark) {
  body { background: #15171c; color: #e4e6ea }
  th, td { border-color: #3a3d44 }
  img, svg { background: #fff }
}
"""


def grid(head: Sequence[Text], rows: Iterable[Sequence[Text]], numbers: bool = True) -> str:
    """A Markdown table: words to the left, numbers, if the columns after the first hold such, to the right."""
    lines = [head, [":--", *["--:" if numbers else ":--"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def table(head: Sequence[Text], rows: Iterable[Sequence[Text]]) -> str:
    """The same as HTML, for cells that may hold anything; without a head all columns stand to the left."""
    lines = [*([_row("th", head)] if head else []), *(_row("td", row, numbers=bool(head)) for row in rows)]
    return "\n".join(["<table>" if head else '<table class="facts">', *lines, "</table>"])


def _row(tag: str, cells: Sequence[Text], numbers: bool = True) -> str:
    style = ' style="text-align: right"' if numbers else ""
    parts = (f"<{tag}{style if place else ''}>{html.escape(str(cell))}</{tag}>" for place, cell in enumerate(cells))
    return f"<tr>{''.join(parts)}</tr>"


def number(value: float | None, digits: int = 3) -> str:
    """A number in a table; a dash where there is none."""
    return "-" if value is None or value != value else f"{value:.{digits}f}"


def from_markdown(text: str) -> str:
    """The HTML of a text."""
    try:
        from markdown import markdown
    except ImportError as error:
        raise MissingDependencyError(
            _("{package} cannot be imported ({error}).", package="Markdown", error=error),
            _("Markdown, for the page of the results"),
            'pip install "paddleseg-losses[compare]"',
        ) from error
    return markdown(text, extensions=["tables"])


def heading(text: Text) -> str:
    """The title of a part."""
    return f"<h2>{html.escape(str(text))}</h2>"


def paragraph(text: Text) -> str:
    """Words as they are."""
    return f"<p>{html.escape(str(text))}</p>"


def code(text: Text) -> str:
    """Lines as they are."""
    return f"<pre>{html.escape(str(text))}</pre>"


def folded(title: Text, part: str) -> str:
    """What is shown when somebody asks for it."""
    return f"<details><summary>{html.escape(str(title))}</summary>\n{part}\n</details>"


def key(title: Text, colors: Iterable[tuple[Text, Sequence[int]]]) -> str:
    """What colours mean."""
    entries = (
        f'<span style="background:rgb({",".join(map(str, color))})"></span>{html.escape(str(name))}'
        for name, color in colors
    )
    return f'<p class="key">{html.escape(str(title))}{"".join(entries)}</p>'


def figure(picture: Path, caption: Text) -> str:
    """A PNG, inside the page."""
    data = base64.b64encode(picture.read_bytes()).decode()
    image = f'<img alt="{html.escape(str(caption))}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{html.escape(str(caption))}</figcaption></figure>"


def page(title: Text, parts: Iterable[str]) -> str:
    """The whole, from parts that are HTML."""
    words = html.escape(str(title))
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{language()}"><head><meta charset="utf-8"><title>{words}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f"<body><h1>{words}</h1>\n{body}\n</body></html>\n"
    )
