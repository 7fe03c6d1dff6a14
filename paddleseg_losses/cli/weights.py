"""`weights`: how often each class occurs, and the class weights that follow."""

from __future__ import annotations

from ..i18n import _

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
    brief="Count the classes of a dataset, and weigh them.",
    example="paddleseg-losses weights data/mni/train.txt --num_classes 4",
)
@click.argument("file", type=click.Path())
@option("--num_classes", type=click.IntRange(1), help="Number of classes.")
@option("--ignore_index", type=int, help="Ignored label; 255 if nothing says otherwise.")
@option("--root", type=click.Path(file_okay=False), help="Folder of the paths in a list.")
@option("--separator", help="What separates image and mask in a list.")
@option(
    "--part",
    type=click.Choice(["train", "val"]),
    default="train",
    help="Dataset of a configuration.",
)
@option("--scheme", help="Print one kind of weights only, inside a loss.")
@option(
    "--beta",
    type=float,
    help="Of effective_number; (N - 1) / N with N labelled pixels if left out.",
)
@option(
    "--workers",
    type=click.IntRange(1),
    help="Processes; one a processor, up to 8.",
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
    lines.append(_("# Copy one list as `weight` into a loss; --scheme NAME writes it for you."))  # fmt: skip
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
        _("class"),
        _("name"),
        _("pixels"),
        _("share"),
        _("masks"),
    )
    rows = [
        (c, name, pixels, f"{pixels / labelled:.4%}", images)
        for c, (name, pixels, images) in enumerate(zip(balance.names, balance.pixels, balance.images))
    ]
    paper = Console(width=200, color_system=None)
    with paper.capture() as captured:
        paper.print(screen.table(columns, rows, fixed=5, right=[2, 3, 4]))
    masks, where = balance.counts.masks, translated(balance.source.title)
    title = _(
        "{where}: {masks} masks, {labelled} labelled pixels, {percent} ignored",
        where=where,
        masks=masks,
        labelled=labelled,
        percent=percent,
    )
    return [title, *captured.get().splitlines()]


def _warn_of_troubles(counts: Counts) -> None:
    for kind, trouble in counts.troubles.items():
        more = ", ..." if trouble.count > len(trouble.first) else ""
        what = f"{', '.join(trouble.first)}{more}"
        screen.warn(_("{count} mask(s) {_troubles}: {what}", count=trouble.count, _troubles=_TROUBLES[kind][0], what=what))  # fmt: skip


def _warn(balance: Balance) -> None:
    ignored = balance.source.ignore_index
    if balance.strange:
        values = ", ".join(f"{value} ({pixels})" for value, pixels in list(balance.strange.items())[:10])
        last = len(balance.pixels) - 1
        screen.warn(
            _(
                (
                    "label values out of range (pixels): {values}; expected 0 to {last}, or {ignored} to ignore. "
                    "Change the masks, num_classes or ignore_index"
                ),
                values=values,
                last=last,
                ignored=ignored,
            )
        )
    if balance.absent:
        names = ", ".join(balance.absent)
        screen.warn(_("never occurs: class {names}; its weight is 0", names=names))
    if balance.black_and_white:
        screen.warn(_("the masks hold 0 and 255 only, and 255 is ignored: write 1 for the foreground instead"))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    """A bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_("counting"), total=total)
        yield lambda done: bar.update(task, completed=done)
