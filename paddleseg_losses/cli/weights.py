"""`weights`: how often each class occurs, and the class weights that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from ..i18n import Message, _, plural
from . import screen
from .command import argument, command, option
from .program import PROBLEM
from .progress import counting

if TYPE_CHECKING:
    from ..datasets import Counts, MaskSource

_PROBLEMS = {
    "missing": _("not found; check the folder (--root, dataset_root)"),
    "unreadable": _("cannot be read"),
    "channels": _("with a channel axis: RGB masks, whose colors must be converted to class indices first"),
    "fractions": _("with fractions instead of class indices"),
    "nan": _("with NaN, which is no class index"),
    "values": _("with more different values than there are classes: numbers of objects, or heights, perhaps"),
}
_NOTES = {
    "bits_1": _("of 1 bit, whose foreground Paddle reads as 255: save them with 8 bits"),
    "bits_16": _("of 16 bits, which Paddle reads as bfloat16: save them with 8 bits"),
    "bits_16_needed": _(
        "of 16 bits, which Paddle reads as bfloat16, with a label above 255, for which 8 bits are too few: train with "
        "`paddleseg-losses train` or `run`, which read them as they are meant"
    ),
}
_SHOWN = 10  # classes that a warning names


@dataclass(frozen=True)
class ClassBalance:
    """Pixels, images and weights of each class."""

    source: MaskSource
    counts: Counts
    names: list[str]
    pixels: list[int]
    images: list[int]
    weights: dict[str, list[float]]
    ignored: int  # pixels
    out_of_range: dict[int, int]  # pixels of each label value that is not a class

    @property
    def partial(self) -> dict[int, int]:
        """Pixels of each label that stands for several classes: no class's weight counts them."""
        return {label: self.counts.pixels.get(label, 0) for label in sorted(self.source.partial)}

    @property
    def absent(self) -> list[str]:
        """Classes without a pixel."""
        ignored = self.source.ignore_index
        classes = enumerate(zip(self.names, self.pixels))
        return [f"{c} {name}".strip() for c, (name, n) in classes if not n and c != ignored]

    @property
    def has_problems(self) -> bool:
        """Whether a training would fail or learn from wrong labels."""
        return bool(self.out_of_range or self.counts.problems or self.is_0_255)

    @property
    def is_0_255(self) -> bool:
        """Whether the foreground is written as 255, which is ignored."""
        from ..datasets import white_masks

        return white_masks.is_white(self.counts.pixels, self.source)

    @property
    def positive(self) -> dict[str, float | None]:
        """For one channel: how often a pixel of the foreground counts, by scheme; nothing for several channels."""
        if self.source.classes != 1 or len(self.pixels) != 2:
            return {}
        return {name: one / zero if zero else None for name, (zero, one) in self.weights.items()}


@command(
    brief="Count the classes of a dataset and compute class weights.",
    example="paddleseg-losses weights data/mni/train.txt --num_classes 4",
)
@argument("file", type=click.Path())
@option("--num_classes", type=click.IntRange(1), help="Number of classes.")
@option("--ignore_index", type=int, help="Label value to ignore (default 255).")
@option("--root", type=click.Path(file_okay=False), help="Root folder of the paths in the list.")
@option("--separator", help="Separator between image and mask in the list.")
@option(
    "--part",
    type=click.Choice(["train", "val"]),
    default="train",
    help="Which dataset of the configuration to count.",
)
@option("--scheme", help="Print only these weights, inside a loss.")
@option(
    "--beta",
    type=float,
    help="Beta of effective_number (default: (N - 1) / N, N the number of labelled pixels).",
)
@option(
    "--workers",
    type=click.IntRange(1),
    help="Worker processes (default: CPU count, at most 8).",
)
def weights(file: str, scheme: str | None, beta: float | None, workers: int | None, **where: Any) -> None:
    """Count the pixels of each class in FILE, and print weights as YAML.

    FILE is a PaddleSeg file list (image and mask on each line) or a configuration with a train_dataset. The weights:
    inverse and square-root inverse frequency, ENet, median frequency, effective number. Their mean over the classes
    that occur is 1; a class that never occurs gets 0.

    Exits with 1 if label values are out of range, the foreground is ignored or masks cannot be read.
    """
    from ..datasets import count, open_source

    where["separator"] = where["separator"] and where["separator"].replace("\\t", "\t")
    source = open_source(file, where.pop("num_classes"), **where)
    with counting(len(source)) as progress:
        counts = count(source, workers, progress)
    for defect in source.defects:
        screen.warn(defect.found)
    _warn_of_problems(counts)
    balance = weigh(source, counts, scheme, beta)
    if screen.wants_json():
        screen.print_json(_as_dict(balance))
    else:
        screen.print(screen.yaml(_yaml(balance, scheme), indent=0))
    _warn(balance)
    if balance.has_problems:
        raise Exit(PROBLEM)


def weigh(source: MaskSource, counts: Counts, scheme: str | None = None, beta: float | None = None) -> ClassBalance:
    """Class by class, with the weights of one scheme or of all."""
    from ..datasets import SCHEMES, balance

    labels = {value: mask for value, mask in counts.first.items() if value not in source.no_classes}
    classes = source.number_of_classes(labels)
    pixels, area, images = (
        [table.get(c, 0) if c not in source.no_classes else 0 for c in range(classes)]
        for table in (counts.pixels, counts.area, counts.images)
    )
    return ClassBalance(
        source=source,
        counts=counts,
        names=(source.class_names or [""] * classes)[:classes] + [""] * (classes - len(source.class_names or [])),
        pixels=pixels,
        images=images,
        weights={name: balance(name, pixels, area, beta) for name in ([scheme] if scheme else SCHEMES)},
        ignored=counts.pixels.get(source.ignore_index, 0) if source.ignore_index is not None else 0,
        out_of_range={value: counts.pixels[value] for value in sorted(labels) if not 0 <= value < classes},
    )


def _as_dict(balance: ClassBalance) -> dict[str, Any]:
    classes = [
        {"class": c, "name": name, "pixels": pixels, "images": images}
        for c, (name, pixels, images) in enumerate(zip(balance.names, balance.pixels, balance.images))
    ]
    return {
        "source": balance.source.title,
        "masks": balance.counts.masks,
        "ignore_index": balance.source.ignore_index,
        "ignored_pixels": balance.ignored,
        **({"label_sets": balance.partial} if balance.partial else {}),
        "classes": classes,
        "weights": balance.weights,
        **({"pos_weight": balance.positive} if balance.positive else {}),
        "never_occur": [c for c, pixels in enumerate(balance.pixels) if not pixels],
        "out_of_range": {str(value): pixels for value, pixels in balance.out_of_range.items()},
        "problems": {kind: {"count": t.count, "first": t.first} for kind, t in balance.counts.problems.items()},
    }


def _yaml(balance: ClassBalance, scheme: str | None) -> str:
    """The counts as comments, the weights as YAML."""
    from ..datasets import SCHEMES

    lists = {name: f"[{', '.join(map(_number, weights))}]" for name, weights in balance.weights.items()}
    lines = [f"# {line}".rstrip() for line in _table(balance)]
    if balance.positive:
        return "\n".join([*lines, *_of_one_channel(balance, scheme)])
    if scheme:
        lines += ["loss:", "  types:", "    - type: paddleseg_losses.CrossEntropyLoss"]
        lines += [f"      weight: {lists[scheme]}  # {SCHEMES[scheme].formula}", "  coef: [1]"]
        return "\n".join(lines)
    lines.append(f"# {_('Copy one list as `weight` into a loss; --scheme NAME writes it for you.')}")
    for name, text in lists.items():
        lines += [f"# {SCHEMES[name].formula} ({SCHEMES[name].paper})", f"{name}: {text}"]
    return "\n".join(lines)


def _of_one_channel(balance: ClassBalance, scheme: str | None) -> list[str]:
    """One number: a list of weights would be one for each channel, and there is one."""
    from ..datasets import SCHEMES

    numbers = {name: _number(weight) for name, weight in balance.positive.items() if weight is not None}
    if scheme:
        lines = ["loss:", "  types:", "    - type: WeightedBinaryCrossEntropyLoss"]
        beta = [f"      beta: {number}  # pos_weight, {SCHEMES[name].formula}" for name, number in numbers.items()]
        return [*lines, *beta, "  coef: [1]"]
    hint = _("One channel: how often a pixel of the foreground counts. Copy one as `beta` into {loss}",
             loss="WeightedBinaryCrossEntropyLoss")  # fmt: skip
    lines = [f"# {hint}", "pos_weight:"]
    return lines + [f"  {name}: {number}  # {SCHEMES[name].formula}" for name, number in numbers.items()]


def _number(weight: float) -> str:
    """Four digits; YAML takes 1e-05 for text, but 1.0e-05 for a number."""
    head, exponent, tail = f"{weight:.4g}".partition("e")
    return head + (".0" if exponent and "." not in head else "") + exponent + tail


def _table(balance: ClassBalance) -> list[str]:
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
    masks, where = balance.counts.masks, balance.source.title
    title = _(
        "{where}: {masks} masks, {labelled} labelled pixels, {percent} ignored",
        where=where,
        masks=masks,
        labelled=labelled,
        percent=percent,
    )
    sets = [
        str(_("label {label} stands for several classes: {percent} of all pixels, which count for none",
              label=label, percent=f"{pixels / every:.1%}"))
        for label, pixels in balance.partial.items()
    ]  # fmt: skip
    return [str(title), *captured.get().splitlines(), *sets]


def _warn_of_problems(counts: Counts) -> None:
    needed = max(counts.pixels, default=0) > 255
    for kind, problem in [*counts.problems.items(), *counts.notes.items()]:
        kind = "bits_16_needed" if kind == "bits_16" and needed else kind
        more = ", ..." if problem.count > len(problem.first) else ""
        what = f"{', '.join(problem.first)}{more}"
        screen.warn(
            plural("{count} mask {problem}: {what}", "{count} masks {problem}: {what}", problem.count,
                   problem={**_PROBLEMS, **_NOTES}[kind], what=what)
        )  # fmt: skip


def _warn(balance: ClassBalance) -> None:
    ignored = balance.source.ignore_index
    if balance.out_of_range:
        values = ", ".join(f"{value} ({pixels})" for value, pixels in list(balance.out_of_range.items())[:10])
        last = len(balance.pixels) - 1
        screen.warn(
            _(
                "label values out of range (pixels): {values}; expected 0 to {last}, or {ignored} to ignore. "
                "Change the masks, num_classes or ignore_index",
                values=values,
                last=last,
                ignored=ignored,
            )
        )
    if balance.absent:
        names = ", ".join(balance.absent[:_SHOWN]) + (", ..." if len(balance.absent) > _SHOWN else "")
        screen.warn(_("class that never occurs: {names}; its weight is 0", names=names))
    if balance.is_0_255:
        from ..datasets import white_masks

        screen.warn(Message("{found}\n{yaml}", found=white_masks.problem(), yaml=white_masks.reading()))
