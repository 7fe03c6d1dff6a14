"""What the masks on disk tell."""

from __future__ import annotations

from ..i18n import _

from collections.abc import Iterator
from dataclasses import replace

from ..datasets import Counts, Source, balance
from .case import Advice

_TROUBLES = {
    "channels": (
        "have a channel axis: they are RGB masks, and colours are no class indices",
        "带有通道维：是 RGB 掩码，而颜色不是类别编号",
        "# Save each mask as one channel (mode L or P) whose numbers are the classes 0, 1, 2, ...",
    ),
    "missing": (
        "cannot be found",
        "找不到",
        "train_dataset:\n  dataset_root: ...  # the folder from which the paths of the list lead on",
    ),
    "unreadable": ("cannot be read", "无法读取", "# Remove these lines from the list, or save the masks again"),
    "fractions": ("hold fractions, not class indices", "是小数而不是类别编号", "# Save the masks as whole numbers"),
}  # fmt: skip


def sampled(source: Source, most: int) -> Source:
    """At most so many masks, spread evenly over all."""
    if len(source) <= most:
        return source
    chosen = [round(i * (len(source) - 1) / max(most - 1, 1)) for i in range(most)]
    return replace(source, names=[source.names[i] for i in chosen], read=lambda i: source.read(chosen[i]))


def advise(source: Source, counts: Counts, complete: bool) -> Iterator[Advice]:
    """Warnings about what the masks hold."""
    for kind, trouble in counts.troubles.items():
        en, zh, yaml = _TROUBLES[kind]
        first = "; ".join(trouble.first)
        yield Advice(f"masks_{kind}", _("{count} mask(s) {en}: {first}", count=trouble.count, en=en, first=first), yaml)
    if not counts.masks or source.classes is None:
        return
    ignored, classes = source.ignore_index, max(source.classes, 2)
    labels = sorted(value for value in counts.pixels if value != ignored)
    strange = [value for value in labels if not 0 <= value < classes]
    if set(counts.pixels) == {0, 255}:
        yield _black_and_white(ignored)
        return
    if strange:
        yield _out_of_range(strange, source.classes, labels, ignored)
    absent = [c for c in range(classes) if not counts.pixels.get(c) and c != ignored]
    if absent:
        yield _absent(absent, source, counts, complete)


def _black_and_white(ignored: int | None) -> Advice:
    both = "and 255 is the ignored label: no foreground is left", "而 255 是忽略的标签：前景全部丢失"
    en, zh = both if ignored == 255 else ("and 255 is no class", "而 255 不是类别")
    return Advice(
        "masks_0_255",
        _("The masks hold 0 and 255 only, {en}.", en=en),
        "# Write 1 instead of 255 into the masks: Image.fromarray((mask > 0).astype('uint8'))\n"
        "model:\n  num_classes: 2",
    )


def _out_of_range(strange: list[int], classes: int, labels: list[int], ignored: int | None) -> Advice:
    shown = ", ".join(map(str, strange[:10])) + (", ..." if len(strange) > 10 else "")
    gap = max(labels) + 1 - len(labels)
    if len(strange) == 1 and gap > 1:
        cure = f"train_dataset:\n  ignore_index: {strange[0]}  # if it marks pixels to leave out; val_dataset too"
    elif gap > 1 and len(strange) > 3:
        cure = "# These look like grey levels: turn them into the classes 0, 1, 2, ... first"
    else:
        count = max(labels) + 1
        cure = f"model:\n  num_classes: {count}\ntrain_dataset:\n  num_classes: {count}  # val_dataset too"
    return Advice(
        "labels_out_of_range",
        _(
            "The masks hold the labels {shown}, but num_classes is {classes} and ignore_index {ignored}.",
            shown=shown,
            classes=classes,
            ignored=ignored,
        ),
        cure,
    )


def _absent(absent: list[int], source: Source, counts: Counts, complete: bool) -> Advice:
    names = source.class_names or []
    shown = ", ".join(f"{c} {names[c]}".strip() if c < len(names) else str(c) for c in absent)
    classes = max(source.classes or 2, 2)
    last = classes - len(absent)
    if absent == list(range(last, classes)) and last >= 2:
        cure = f"model:\n  num_classes: {last}  # if these classes do not exist; the datasets too"
    else:
        pixels, area = ([table.get(c, 0) for c in range(classes)] for table in (counts.pixels, counts.area))
        weight = ", ".join(f"{w:.3g}" for w in balance("sqrt_inverse", pixels, area)) if any(pixels) else "..."
        cure = f"loss:\n  types:\n    - type: paddleseg_losses.DiceLoss\n      weight: [{weight}]\n  coef: [1]"
    where_en, where_zh = (
        ("in all masks", "全部掩码")
        if complete
        else (f"in {counts.masks} masks spread over the list", f"抽查的 {counts.masks} 张掩码")
    )
    return Advice(
        "class_never_occurs",
        _("Class {shown} never occurs {where_en}.", shown=shown, where_en=where_en),
        cure,
    )
