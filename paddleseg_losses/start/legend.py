"""A legend: which values or colors of the masks are which class, and what the classes are called.

- {class: 0, name: background, values: [0]}
- {class: 1, name: crack, values: ['#ff0000']}
- {class: ignored, values: [255]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import safe_yaml
from ..errors import DataError
from ..i18n import Text, _
from ..paddleseg.file_lists import lines_of
from .pixels import color_of
from .scanning import Files

_NAMES = {"labels", "classes", "class_names", "names", "codes", "label_names", "categories", "labelmap", "label_colors",
          "class_dict", "legend", "类别"}  # fmt: skip
_COLOR = re.compile(r"(?<![\d.])(\d{1,3})[\s,;:]+(\d{1,3})[\s,;:]+(\d{1,3})(?![\d.])")
_MOST = 256


@dataclass
class Legend:
    """The values of each class, and their names; either may be missing."""

    classes: list[list[int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    ignored: list[int] = field(default_factory=list)
    path: Path | None = None


def read_legend(path: Path) -> Legend:
    """Read what `start` has written, a table of colors and names, or a list of names.

    Raises:
        DataError: it is none of these.
    """
    legend = _of_entries(path) if path.suffix.lower() in (".yml", ".yaml") else _of_lines(lines_of(path))
    if not legend.names and not legend.classes:
        raise _no_legend(path, _("no class"))
    legend.path = path
    return legend


def find_legend(files: Files) -> Legend | None:
    """The names of classes in a folder, by the name of the file."""
    for path in sorted(files.lists, key=lambda path: len(path.parts)):
        if path.stem.lower() in _NAMES:
            try:
                legend = _of_lines(lines_of(path))
            except (OSError, ValueError):
                continue
            if legend.names:
                legend.path = path
                return legend
    return None


def _of_lines(lines: Iterable[str]) -> Legend:
    """`64 128 64 Animal`, `Animal,64,128,64`, or names alone."""
    lines = [line for line in lines if line and not line.startswith("#")][:_MOST]
    colors = [_COLOR.search(line) for line in lines]
    if lines and sum(map(bool, colors)) >= len(lines) - 1:  # the first line may be a heading
        rows = [(match, _COLOR.sub(" ", line)) for match, line in zip(colors, lines) if match]
        packed = [[(int(r) * 256 + int(g)) * 256 + int(b)] for r, g, b in (match.groups() for match, _rest in rows)]
        return Legend(packed, [re.sub(r"^[\s,;:\d]+|[\s,;:]+$", "", rest) or "?" for _match, rest in rows])
    return Legend(names=[re.sub(r"^\d+[\s,;:]+", "", line) for line in lines])


def _of_entries(path: Path) -> Legend:
    content = safe_yaml.read(path)
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise _no_legend(path, _("{type}, not a list of classes", type=type(content).__name__))
    legend = Legend()
    for number, entry in enumerate(content, 1):
        _add_entry(legend, entry, _("{path}, entry {number}", path=path, number=number))
    if any(not values for values in legend.classes):
        raise _no_legend(path, _("a class without values"))
    return legend


def _add_entry(legend: Legend, entry: dict[str, Any], where: Text) -> None:
    values = entry.get("values", [])
    packed = [_value(value) for value in (values if isinstance(values, list) else [values])]
    label = entry.get("class")
    if None in packed or not (label == "ignored" or (isinstance(label, int) and 0 <= label < _MOST - 1)):
        raise _no_legend(where, str(entry))
    known = [value for value in packed if value is not None]
    if label == "ignored":
        legend.ignored += known
        return
    while len(legend.classes) <= label:
        legend.classes.append([])
        legend.names.append(f"class {len(legend.names)}")
    legend.classes[label] += known
    legend.names[label] = str(entry.get("name", legend.names[label]))


def _value(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        return int(value[1:], 16)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _no_legend(where: object, what: Text) -> DataError:
    return DataError(
        _("{where}: {what}.", where=where, what=what),
        _("lines such as {line}", line="- {class: 1, name: crack, values: ['#ff0000']}"),
        _("start from the legend.yml that this command writes"),
    )


def legend_text(classes: Sequence[Sequence[int]], names: Sequence[str], ignored: Sequence[int], colors: bool) -> str:
    """The legend as a file; every value of a class is in it."""

    def line(label: object, name: str, values: Sequence[int]) -> str:
        shown = ", ".join(f"'{color_of(value)}'" if colors else str(value) for value in values)
        called = f" name: {json.dumps(name, ensure_ascii=False)}," if name else ""
        return f"- {{class: {label},{called} values: [{shown}]}}"

    rows = [line(label, name, values) for label, (name, values) in enumerate(zip(names, classes))]
    return "\n".join([*rows, *([line("ignored", "", ignored)] if ignored else [])]) + "\n"
