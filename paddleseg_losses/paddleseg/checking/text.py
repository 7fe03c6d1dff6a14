"""YAML with comments, in the style of PaddleSeg's files; PyYAML cannot write comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ...i18n import Text


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice out twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always."""
        return True


Comments = Mapping[tuple[Any, ...], list[Text]]


def dump(value: Any, comments: Comments) -> str:
    """Mappings and lists of mappings as blocks, all else on one line."""
    return "\n".join(_lines(value, comments, ())) + "\n"


def _lines(value: Any, comments: Comments, place: tuple[Any, ...]) -> list[str]:
    items: list[tuple[Any, Any]] = list(value.items() if isinstance(value, dict) else enumerate(value))
    lines: list[str] = []
    for key, item in items:
        here = (*place, key)
        inner = _lines(item, comments, here) if _is_block(item, comments, here) else None
        if isinstance(value, dict):
            lines += [f"{key}: {inline(item)}"] if inner is None else [f"{key}:", *_indented(inner)]
        else:
            first, *rest = [inline(item)] if inner is None else inner
            lines += [f"- {first}", *_indented(rest)]
    return lines + [f"# {comment}" for comment in comments.get(place, [])]


def _is_block(item: Any, comments: Comments, place: tuple[Any, ...]) -> bool:
    if isinstance(item, list):
        return any(isinstance(part, dict) for part in item)
    return isinstance(item, dict) and bool(item or comments.get(place))


def _indented(lines: list[str]) -> list[str]:
    return ["  " + line for line in lines]


def inline(item: Any) -> str:
    """Anything on one line."""
    item = list(item) if isinstance(item, tuple) else item
    line: str = yaml.dump(
        item, Dumper=_Plain, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False
    )
    return line.removesuffix("\n").removesuffix("\n...")
