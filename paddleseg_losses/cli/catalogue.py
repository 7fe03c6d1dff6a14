"""`list`: the registry at a glance."""

from __future__ import annotations

import difflib
from typing import Any

import click

from .. import registry
from ..errors import UnknownLossError
from ..paddleseg.checking.names import BUILT_IN
from ..registry import FAMILIES, PREFIX, SYMPTOMS, LossSpec
from . import screen
from .command import command, option
from .language import say

_ROOM = 120  # columns from which a terminal shows all there is


@command(
    "list",
    example='paddleseg-losses list --for "small objects"',
    brief=("List the losses.", "列出全部损失函数。"),
    zh="""列出损失函数：类别、名称、用途、在 PaddleSeg 中的名称，以及 PaddleSeg 是否已有同名损失。""",
)
@option("--family", type=click.Choice(list(FAMILIES)), help="Only the losses of one family.", zh="只列出某一类。")
@option(
    "--mode",
    type=click.Choice(registry.MODES),
    help="Only the losses for one kind of problem.",
    zh="只列出适用于某种任务的损失。",
)
@option(
    "--for",
    "symptom",
    metavar="SYMPTOM",
    help='Only what helps against a symptom, such as "small objects"; --for ? lists them.',
    zh="只列出对某种症状有效的损失，例如“小目标”；--for ? 列出所有症状。",
)
def list_losses(family: str | None, mode: str | None, symptom: str | None) -> None:
    """List the losses: family, name, what each is good for, its name in PaddleSeg, whether PaddleSeg has that name."""
    if symptom == "?":
        return _symptoms()
    key = _symptom(symptom) if symptom else None
    specs = list(registry.specs(family, mode, key))
    if screen.wants_json():
        screen.put_json([_as_dict(spec) for spec in specs])
    else:
        _print(specs)
    return None


def _symptom(text: str) -> str:
    """The key of a symptom, from its key or its words in either language."""
    words = {word.lower(): key for key, both in SYMPTOMS.items() for word in (key, *both)}
    found = words.get(text.strip().lower())
    near = found or next((words[word] for word in words if text.strip().lower() in word), None)
    if near is None:
        close = next(iter(difflib.get_close_matches(text.lower(), list(words), n=1)), None)
        raise UnknownLossError(
            say(f"No symptom is called {text!r}.", f"没有名为 {text!r} 的症状。"),
            say("one of ", "以下之一：") + say(", ", "、").join(say(*both) for both in SYMPTOMS.values()),
            say(f"did you mean {close}?", f"是不是 {close}？") if close else "`paddleseg-losses list --for ?`",
        )
    return near


def _symptoms() -> None:
    rows = [(key, say(*both), len(registry.names(symptom=key))) for key, both in SYMPTOMS.items()]
    if screen.wants_json():
        screen.put_json([{"symptom": key, "title": title, "losses": count} for key, title, count in rows])
    else:
        columns = (say("symptom", "症状"), say("meaning", "含义"), say("losses", "损失个数"))
        screen.put(screen.table(columns, rows, right=[2]))


def _as_dict(spec: LossSpec) -> dict[str, Any]:
    return {
        "family": spec.family,
        "name": spec.name,
        "title": say(spec.title, spec.title_zh),
        "purpose": say(spec.purpose, spec.purpose_zh),
        "paddleseg_name": _paddleseg_name(spec),
        "paddleseg_has_the_name": spec.name in BUILT_IN,
        "modes": spec.modes,
        "suits": spec.suits,
    }


def _paddleseg_name(spec: LossSpec) -> str:
    """The shortest `type:` that means ours."""
    return PREFIX + spec.name if spec.name in BUILT_IN else spec.name


def _print(specs: list[LossSpec]) -> None:
    from rich.text import Text

    person, width = screen.is_terminal(), screen.console().width
    whole = width >= _ROOM  # a pipe has endless room
    columns = [say("name", "名称"), say("taken", "重名"), say("what it is for", "用途")]
    if whole:
        columns.insert(1, say("type in PaddleSeg", "在 PaddleSeg 中的 type"))
    rows: list[list[Any]] = []
    chapter = None
    for spec in specs:
        if person and spec.family != chapter:
            rows.append([Text(say(spec.family, FAMILIES[spec.family]), style="bold magenta")])
        chapter = spec.family
        taken = say("yes", "是") if spec.name in BUILT_IN else say("no", "否") if not person else ""
        row: list[Any] = [spec.name, taken, say(spec.purpose, spec.purpose_zh)]
        if whole:
            row.insert(1, _paddleseg_name(spec))
        rows.append(row if person else [spec.family, *row])
    if not person:
        columns.insert(0, say("family", "章节"))
    screen.put(screen.table(columns, rows, fixed=len(columns) - 1))
    if person and any(spec.name in BUILT_IN for spec in specs):
        screen.put(
            screen.heading(
                say(
                    f"taken: PaddleSeg has a loss of that name; write {PREFIX}NAME for ours.",
                    f"重名：PaddleSeg 已有同名损失；要用本包的，写 {PREFIX}名称。",
                )
            )
        )
