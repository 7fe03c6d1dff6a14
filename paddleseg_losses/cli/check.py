"""`check`: explain the loss section of a YAML file."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from . import screen
from .command import command, option
from .language import say
from .phrases import commented, translated
from .program import PROBLEM

if TYPE_CHECKING:
    from ..paddleseg.checking import Finding, Report


@command(
    brief=("Explain mistakes in a YAML file.", "解释 YAML 文件中的错误。"),
    example="paddleseg-losses check my_config.yml",
    zh="""逐条解释 PaddleSeg 配置文件 FILE 中损失部分的错误，并给出改正后的写法。

    有错误时退出码为 1。
    """,
)
@click.argument("file", type=click.Path())
@option(
    "--use_multilabel",
    is_flag=True,
    help="The labels have one channel a class, as with `train`.",
    zh="标签每类一个通道（多标签），同 train 的同名选项。",
)
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="A loss of PaddleSeg that `train` will replace by ours.",
    zh="train 时将被本包替换的 PaddleSeg 损失。",
)
def check(file: str, override: tuple[str, ...], use_multilabel: bool) -> None:
    """Explain every mistake in the losses of a PaddleSeg YAML FILE, and print them corrected.

    Exits with 1 if there is a mistake.
    """
    from ..paddleseg.checking import check as check_file

    report = check_file(file, override, use_multilabel)
    if screen.wants_json():
        screen.put_json(_as_dict(report))
    else:
        _print(report)
    if not report.right:
        raise Exit(PROBLEM)


def _as_dict(report: Report) -> dict[str, Any]:
    return {
        "file": str(report.path),
        "right": report.right,
        "mistakes": [_translated(finding) for finding in report.findings],
        "losses": report.losses,
        "notes": [translated(note) for note in report.notes],
        "corrected": report.corrected,
    }


def _translated(finding: Finding) -> dict[str, str]:
    words = dataclasses.asdict(finding)
    return {name: text if name == "where" else translated(text) for name, text in words.items()}


def _print(report: Report) -> None:
    from rich.text import Text

    count = len(report.findings)
    right = say("the losses are right", "损失部分没有错误")
    wrong = say(f"{count} mistake(s)", f"{count} 处错误")
    verdict = Text(right, style="bold green") if report.right else Text(wrong, style="bold red")
    screen.put(Text.assemble((str(report.path), "bold"), ": ", verdict))
    for number, finding in enumerate(report.findings, 1):
        _finding(number, finding)
    if report.right:
        for loss in report.losses:
            screen.put(screen.plain(loss, indent=3))
    for note in report.notes:
        screen.put(screen.plain(say("note: ", "提示：") + translated(note), style="dim"))
    if report.findings and report.corrected:
        screen.put(
            Text(say("\nCorrected:\n", "\n改正后：\n"), style="bold"), screen.yaml(commented(report.yaml), indent=0)
        )


def _finding(number: int, finding: Finding) -> None:
    from rich.text import Text

    head = Text.assemble(
        f"{number}. ", (f"{finding.where}: " if finding.where else "", "bold"), translated(finding.found)
    )
    cure = Text.assemble(say("what to do: ", "怎么办："), (translated(finding.cure), "green"))
    screen.put(
        head, screen.plain(say("expected: ", "应为：") + translated(finding.expected), indent=3), screen.under(cure, 3)
    )
