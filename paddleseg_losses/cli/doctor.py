"""`doctor`: what a colleague would say after a look at one batch."""

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
    from ..doctor import Advice, Diagnosis


@command(
    brief=("Look at one real batch before a long training.", "训练前用一个真实批次做体检。"),
    example="paddleseg-losses doctor --config my_config.yml",
    zh="""让一个真实批次通过配置中的数据、模型与损失，像同事一样指出问题：标签取值与类别占比、从未出现的类别、
    RGB 或 0/255 掩码、num_classes 与标签、输出个数与 coef、各项损失的梯度占比、NaN 与半精度风险、
    没有边界却使用距离类损失的图像、无法创建的优化器。每条警告都附有该怎么改的 YAML。

    有警告时退出码为 1。--kernels 说明 CPU 上是否使用原生内核，以及为何不用。
    """,
)
@option("--config", type=click.Path(), help="PaddleSeg's YAML file.", zh="PaddleSeg 的 YAML 配置文件。")
@option(
    "--kernels",
    is_flag=True,
    help="Say whether native kernels are used on a CPU, and why not.",
    zh="说明 CPU 上是否使用原生内核，以及为何不用。",
)
@option(
    "--batch_size",
    type=click.IntRange(1),
    help="Images of the batch, instead of the file's.",
    zh="批次大小，覆盖配置文件。",
)
@option(
    "--masks", type=click.IntRange(1), default=200, show_default=True, help="Masks to look at.", zh="抽查的掩码数。"
)
@option("--seed", type=int, default=0, show_default=True, help="Seed of the random numbers.", zh="随机种子。")
@option(
    "--override",
    multiple=True,
    metavar="NAME",
    help="A loss of PaddleSeg to replace by ours, or all.",
    zh="用本包的损失替换 PaddleSeg 的同名损失；all 表示全部。",
)
def doctor(
    config: str | None, kernels: bool, batch_size: int | None, masks: int, seed: int, override: tuple[str, ...]
) -> None:
    """Take one real batch through a configuration's data, model and losses, and say what a colleague would.

    It looks at label values and class shares, a class that never occurs, RGB masks and masks of 0 and 255,
    num_classes against the labels, outputs against coef, the gradient share of every term, NaN and half precision,
    distance losses on images without a boundary, the optimizer. Each warning says what to change, in YAML.

    Exits with 1 if there is a warning. With --kernels: if the composed path is used although nobody asked for it.
    """
    if kernels:
        _kernels()
        return
    if config is None:
        raise click.UsageError(say("Give --config FILE or --kernels.", "请给出 --config FILE 或 --kernels。"))
    from ..doctor import examine

    diagnosis = examine(config, override, batch_size, masks, seed)
    if screen.wants_json():
        screen.put_json(_as_dict(diagnosis))
    else:
        _print(diagnosis)
    if not diagnosis.well:
        raise Exit(PROBLEM)


def _kernels() -> None:
    from ..kernels import status

    found = status()
    if screen.wants_json():
        screen.put_json(found)
    else:
        words = {
            "active": say("path on a CPU", "CPU 上的路径"),
            "mode": "PADDLESEG_LOSSES_KERNELS",
            "library": say("library", "库"),
            "threads": say("threads", "线程数"),
        }
        rows = [[word, found[key]] for key, word in words.items()]
        screen.put(screen.table([say("what", "项目"), say("found", "结果")], rows, fixed=1))
    if found["active"] == "composed" and found["mode"] != "composed":
        raise Exit(PROBLEM)


def _as_dict(diagnosis: Diagnosis) -> dict[str, Any]:
    found = dataclasses.asdict(diagnosis)
    found.update(config=str(diagnosis.config), well=diagnosis.well)
    found["advice"] = [
        {"code": item.code, "warning": _warning(item), "yaml": commented(item.yaml)} for item in diagnosis.advice
    ]
    return found


def _print(diagnosis: Diagnosis) -> None:
    from rich.text import Text

    if diagnosis.mistakes:
        _mistakes(diagnosis)
        return
    _masks(diagnosis)
    if diagnosis.batch:
        _terms(diagnosis)
    count = len(diagnosis.advice)
    if not count:
        screen.put(Text(say("\nNothing to complain about.", "\n没有发现问题。"), style="bold green"))
        return
    screen.put(Text(say(f"\n{count} warning(s)", f"\n{count} 条警告"), style="bold yellow"))
    for number, item in enumerate(diagnosis.advice, 1):
        _advice(number, item)


def _mistakes(diagnosis: Diagnosis) -> None:
    from rich.text import Text

    count = len(diagnosis.mistakes)
    screen.put(
        Text(
            say(
                f"{diagnosis.config}: {count} mistake(s); mend them first",
                f"{diagnosis.config}：有 {count} 处错误，请先改正",
            ),
            style="bold red",
        )
    )
    for number, finding in enumerate(diagnosis.mistakes, 1):
        where = f"{finding.where}: " if finding.where else ""
        screen.put(
            screen.plain(f"{number}. {where}{translated(finding.found)}"),
            screen.plain(translated(finding.cure), 3, "green"),
        )
    if diagnosis.corrected:
        screen.put(screen.heading(say("Corrected:", "改正后：")), screen.yaml(commented(diagnosis.corrected)))


def _masks(diagnosis: Diagnosis) -> None:
    columns = [say("class", "类别"), say("name", "名称"), say("share", "占比"), say("masks", "掩码数")]
    rows = [[fact.index, fact.name, f"{fact.share:.3%}", fact.masks] for fact in diagnosis.classes]
    if diagnosis.batch:
        columns.append(say("in the batch", "批次中占比"))
        for row, fact in zip(rows, diagnosis.classes):
            row.append("" if fact.batch is None else f"{fact.batch:.3%}")
    screen.put(
        screen.heading(
            say(
                f"Labels ({diagnosis.masks} of {diagnosis.all_masks} masks)",
                f"标签（{diagnosis.all_masks} 张掩码中的 {diagnosis.masks} 张）",
            )
        )
    )
    if diagnosis.masks:
        screen.put(screen.table(columns, rows, fixed=5, right=[2, 3, 4]))


def _terms(diagnosis: Diagnosis) -> None:
    if not diagnosis.terms:
        return
    shape = " x ".join(map(str, diagnosis.batch))
    screen.put(
        screen.heading(
            say(
                f"Losses on one batch of {shape}, {diagnosis.heads} output(s) of the model, before any training",
                f"一个批次（{shape}）上的损失，模型有 {diagnosis.heads} 个输出，未经训练",
            )
        )
    )
    columns = (
        say("term", "项"), say("output", "输出"), say("weight", "权重"), say("value", "值"),
        say("gradient", "梯度范数"), say("share of it", "梯度占比"),
    )  # fmt: skip
    rows = [
        (t.name, t.head, f"{t.weight:.4g}", f"{t.value:.4f}", f"{t.gradient:.3g}", f"{t.share:.1%}")
        for t in diagnosis.terms
    ]
    screen.put(screen.table(columns, rows, fixed=6, right=[1, 2, 3, 4, 5]))


def _advice(number: int, item: Advice) -> None:
    screen.put(screen.heading(f"{number}. {_warning(item)}"), screen.yaml(commented(item.yaml), indent=3))


def _warning(item: Advice) -> str:
    """What a loss itself said is English in both."""
    return translated(say(item.en, item.zh))
