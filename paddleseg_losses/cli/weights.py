"""`weights`: how often each class occurs, and the class weights that follow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

import click
from click.exceptions import Exit

from . import screen
from .command import command, option
from .language import say
from .phrases import translated
from .program import PROBLEM

if TYPE_CHECKING:
    from ..datasets import Counts, Source

_TROUBLES = {
    "missing": ("cannot be found; look at the folder (--root, dataset_root)", "找不到；请检查 --root 或 dataset_root"),
    "unreadable": ("cannot be read", "无法读取"),
    "channels": (
        "have a channel axis: RGB masks, whose colours must become class indices first",
        "带有通道维：是 RGB 掩码，须先把颜色换成类别编号",
    ),
    "fractions": ("hold fractions, not class indices", "是小数而不是类别编号"),
}  # fmt: skip


@dataclass(frozen=True)
class Balance:
    """What was counted, class by class, and the weights."""

    source: Source
    counts: Counts
    names: list[str]
    pixels: list[int]
    images: list[int]
    weights: dict[str, list[float]]
    ignored: int  # pixels
    strange: dict[int, int]  # label values that are no class, and their pixels

    @property
    def absent(self) -> list[str]:
        """Classes without a pixel."""
        ignored = self.source.ignore_index
        classes = enumerate(zip(self.names, self.pixels))
        return [f"{c} {name}".strip() for c, (name, n) in classes if not n and c != ignored]

    @property
    def broken(self) -> bool:
        """Whether a training would stumble."""
        return bool(self.strange or self.counts.troubles or self.black_and_white)

    @property
    def black_and_white(self) -> bool:
        """Whether the foreground is written as 255, which is ignored."""
        return set(self.counts.pixels) == {0, 255} and self.source.ignore_index == 255


@command(
    brief=("Count the classes of a dataset, and weigh them.", "统计数据集各类别的像素，给出类别权重。"),
    example="paddleseg-losses weights data/mni/train.txt --num_classes 4",
    zh="""统计 FILE 中各类别的像素数，并以 YAML 输出类别权重：频率倒数、其平方根、ENet、中位数频率、有效样本数。

    FILE 是 PaddleSeg 的文件列表（每行为图像与标签），或含 train_dataset 的配置文件。
    权重在出现过的类别上均值为 1；从未出现的类别权重为 0。

    标签值超出范围、前景被忽略或有掩码无法读取时，退出码为 1。
    """,
)
@click.argument("file", type=click.Path())
@option("--num_classes", type=click.IntRange(1), help="Number of classes.", zh="类别数。")
@option("--ignore_index", type=int, help="Ignored label; 255 if nothing says otherwise.", zh="忽略的标签值；默认 255。")
@option(
    "--root", type=click.Path(file_okay=False), help="Folder of the paths in a list.", zh="文件列表中路径的根目录。"
)
@option("--separator", help="What separates image and mask in a list.", zh="文件列表中图像与标签的分隔符。")
@option(
    "--part",
    type=click.Choice(["train", "val"]),
    default="train",
    help="Dataset of a configuration.",
    zh="统计配置中的哪个数据集。",
)
@option("--scheme", help="Print one kind of weights only, inside a loss.", zh="只输出一种权重，并写成可用的损失配置。")
@option(
    "--beta",
    type=float,
    help="Of effective_number; (N - 1) / N with N labelled pixels if left out.",
    zh="有效样本数的 beta；默认 (N - 1) / N，N 为有标签的像素数。",
)
@option(
    "--workers",
    type=click.IntRange(1),
    help="Processes; one a processor, up to 8.",
    zh="进程数；默认每核一个，至多 8 个。",
)
def weights(file: str, scheme: str | None, beta: float | None, workers: int | None, **where: Any) -> None:
    """Count the pixels of each class in FILE, and print weights as YAML.

    FILE is a PaddleSeg list of files (image and mask on each line) or a configuration with a train_dataset. The
    weights: inverse and square-root inverse frequency, ENet, median frequency, effective number. Their mean over the
    classes that occur is 1; a class that never occurs gets 0.

    Exits with 1 if label values are out of range, the foreground is ignored or masks cannot be read.
    """
    from ..datasets import count, open_source

    source = open_source(file, where.pop("num_classes"), **where)
    with _progress(len(source)) as progress:
        counts = count(source, workers, progress)
    _warn_of_troubles(counts)
    balance = weigh(source, counts, scheme, beta)
    if screen.wants_json():
        screen.put_json(_as_dict(balance))
    else:
        screen.put(screen.yaml(_yaml(balance, scheme), indent=0))
    _warn(balance)
    if balance.broken:
        raise Exit(PROBLEM)


def weigh(source: Source, counts: Counts, scheme: str | None = None, beta: float | None = None) -> Balance:
    """Class by class, with the weights of one scheme or of all."""
    from ..datasets import SCHEMES, balance

    labels = [value for value in counts.pixels if value != source.ignore_index]
    classes = source.number_of_classes(labels)
    pixels, area, images = (
        [table.get(c, 0) if c != source.ignore_index else 0 for c in range(classes)]
        for table in (counts.pixels, counts.area, counts.images)
    )
    return Balance(
        source=source,
        counts=counts,
        names=(source.class_names or [""] * classes)[:classes] + [""] * (classes - len(source.class_names or [])),
        pixels=pixels,
        images=images,
        weights={name: balance(name, pixels, area, beta) for name in ([scheme] if scheme else SCHEMES)},
        ignored=counts.pixels.get(source.ignore_index, 0) if source.ignore_index is not None else 0,
        strange={value: counts.pixels[value] for value in sorted(labels) if not 0 <= value < classes},
    )


def _as_dict(balance: Balance) -> dict[str, Any]:
    classes = [
        {"class": c, "name": name, "pixels": pixels, "images": images}
        for c, (name, pixels, images) in enumerate(zip(balance.names, balance.pixels, balance.images))
    ]
    return {
        "source": balance.source.title,
        "masks": balance.counts.masks,
        "ignore_index": balance.source.ignore_index,
        "ignored_pixels": balance.ignored,
        "classes": classes,
        "weights": balance.weights,
        "never_occur": [c for c, pixels in enumerate(balance.pixels) if not pixels],
        "out_of_range": {str(value): pixels for value, pixels in balance.strange.items()},
        "troubles": {kind: {"count": t.count, "first": t.first} for kind, t in balance.counts.troubles.items()},
    }


def _yaml(balance: Balance, scheme: str | None) -> str:
    """The counts as comments, the weights as YAML."""
    from ..datasets import SCHEMES

    lists = {name: f"[{', '.join(map(_number, weights))}]" for name, weights in balance.weights.items()}
    lines = [f"# {line}".rstrip() for line in _table(balance)]
    if scheme:
        lines += ["loss:", "  types:", "    - type: paddleseg_losses.CrossEntropyLoss"]
        lines += [f"      weight: {lists[scheme]}  # {translated(SCHEMES[scheme].formula)}", "  coef: [1]"]
        return "\n".join(lines)
    lines.append(say("# Copy one list as `weight` into a loss; --scheme NAME writes it for you.",
                     "# 选一个列表作为损失的 weight；--scheme 名称 可直接写成配置。"))  # fmt: skip
    for name, text in lists.items():
        lines += [f"# {translated(SCHEMES[name].formula)} ({translated(SCHEMES[name].paper)})", f"{name}: {text}"]
    return "\n".join(lines)


def _number(weight: float) -> str:
    """Four digits; YAML takes 1e-05 for text, but 1.0e-05 for a number."""
    head, exponent, tail = f"{weight:.4g}".partition("e")
    return head + (".0" if exponent and "." not in head else "") + exponent + tail


def _table(balance: Balance) -> list[str]:
    from rich.console import Console

    labelled = sum(balance.pixels)
    every = sum(balance.counts.pixels.values())
    percent = f"{balance.ignored / every:.1%}"
    columns = (
        say("class", "类别"),
        say("name", "名称"),
        say("pixels", "像素数"),
        say("share", "占比"),
        say("masks", "掩码数"),
    )
    rows = [
        (c, name, pixels, f"{pixels / labelled:.4%}", images)
        for c, (name, pixels, images) in enumerate(zip(balance.names, balance.pixels, balance.images))
    ]
    paper = Console(width=200, color_system=None)
    with paper.capture() as captured:
        paper.print(screen.table(columns, rows, fixed=5, right=[2, 3, 4]))
    masks, where = balance.counts.masks, translated(balance.source.title)
    title = say(
        f"{where}: {masks} masks, {labelled} labelled pixels, {percent} ignored",
        f"{where}：{masks} 张掩码，{labelled} 个有标签的像素，{percent} 被忽略",
    )
    return [title, *captured.get().splitlines()]


def _warn_of_troubles(counts: Counts) -> None:
    for kind, trouble in counts.troubles.items():
        more = ", ..." if trouble.count > len(trouble.first) else ""
        what = f"{', '.join(trouble.first)}{more}"
        screen.warn(say(f"{trouble.count} mask(s) {_TROUBLES[kind][0]}: {what}",
                        f"{trouble.count} 张掩码{_TROUBLES[kind][1]}：{what}"))  # fmt: skip


def _warn(balance: Balance) -> None:
    ignored = balance.source.ignore_index
    if balance.strange:
        values = ", ".join(f"{value} ({pixels})" for value, pixels in list(balance.strange.items())[:10])
        last = len(balance.pixels) - 1
        screen.warn(
            say(
                f"label values out of range (pixels): {values}; expected 0 to {last}, or {ignored} to ignore. "
                "Change the masks, num_classes or ignore_index",
                f"标签值超出范围（像素数）：{values}；应为 0 到 {last}，或用 {ignored} 表示忽略。"
                "请修改掩码、num_classes 或 ignore_index",
            )
        )
    if balance.absent:
        names = ", ".join(balance.absent)
        screen.warn(say(f"never occurs: class {names}; its weight is 0", f"从未出现的类别：{names}；其权重为 0"))
    if balance.black_and_white:
        screen.warn(
            say(
                "the masks hold 0 and 255 only, and 255 is ignored: write 1 for the foreground instead",
                "掩码中只有 0 和 255，而 255 会被忽略：请把前景改写为 1",
            )
        )


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    """A bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("counting", "统计中"), total=total)
        yield lambda done: bar.update(task, completed=done)
