"""Findings about the masks on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..datasets import Counts, MaskSource, balance
from ..i18n import Message, Text, _, plural
from .report import SAVE_AS_INDICES, Finding, commented

_PROBLEMS = {
    "channels": (
        _("with a channel axis: RGB masks, whose colors are not class indices"),
        Message("# {comment}", comment=SAVE_AS_INDICES),
    ),
    "missing": (
        _("not found"),
        commented("train_dataset:\n  dataset_root: ...", _("the folder that the paths of the list are relative to")),
    ),
    "unreadable": (
        _("cannot be read"),
        Message("# {comment}", comment=_("Remove these lines from the list, or save the masks again")),
    ),
    "fractions": (
        _("with fractions instead of class indices"),
        Message("# {comment}", comment=_("Save the masks as integers")),
    ),
}


def sampled(source: MaskSource, most: int) -> MaskSource:
    """At most so many masks, spread evenly over all."""
    if len(source) <= most:
        return source
    chosen = [round(i * (len(source) - 1) / max(most - 1, 1)) for i in range(most)]
    return replace(source, names=[source.names[i] for i in chosen], read=lambda i: source.read(chosen[i]))


def check_labels(source: MaskSource, counts: Counts, complete: bool) -> Iterator[Finding]:
    """Problems of the masks and their labels."""
    for kind, problem in counts.problems.items():
        words, yaml = _PROBLEMS[kind]
        what = {"problem": words, "what": "; ".join(problem.first)}
        text = plural("{count} mask {problem}: {what}", "{count} masks {problem}: {what}", problem.count, **what)
        yield Finding(f"masks_{kind}", text, yaml)
    if not counts.masks or source.classes is None:
        return
    ignored, classes = source.ignore_index, max(source.classes, 2)
    labels = sorted(value for value in counts.pixels if value != ignored)
    unknown = [value for value in labels if not 0 <= value < classes]
    if set(counts.pixels) == {0, 255}:
        yield _is_0_255(ignored)
        return
    if unknown:
        yield _out_of_range(unknown, source.classes, labels, ignored)
    absent = [c for c in range(classes) if not counts.pixels.get(c) and c != ignored]
    if absent:
        yield _absent(absent, source, counts, complete)


def _is_0_255(ignored: int | None) -> Finding:
    if ignored == 255:
        text = _("The masks contain only 0 and 255, and 255 is the ignored label: no foreground is left.")
    else:
        text = _("The masks contain only 0 and 255, and 255 is not a class.")
    change = _("Write 1 instead of 255 into the masks: {code}", code="Image.fromarray((mask > 0).astype('uint8'))")
    return Finding("masks_0_255", text, Message("# {change}\nmodel:\n  num_classes: 2", change=change))


def _out_of_range(unknown: list[int], classes: int, labels: list[int], ignored: int | None) -> Finding:
    shown = ", ".join(map(str, unknown[:10])) + (", ..." if len(unknown) > 10 else "")
    gap = max(labels) + 1 - len(labels)
    if len(unknown) == 1 and gap > 1:
        yaml = commented(
            f"train_dataset:\n  ignore_index: {unknown[0]}", _("if it marks pixels to ignore; val_dataset too")
        )
    elif gap > 1 and len(unknown) > 3:
        grey = _("These look like gray levels: convert them to the classes 0, 1, 2, ... first")
        yaml = Message("# {comment}", comment=grey)
    else:
        count = max(labels) + 1
        yaml = commented(
            f"model:\n  num_classes: {count}\ntrain_dataset:\n  num_classes: {count}", _("val_dataset too")
        )
    return Finding(
        "labels_out_of_range",
        _(
            "The masks contain the labels {shown}, but num_classes is {classes} and ignore_index is {ignored}.",
            shown=shown,
            classes=classes,
            ignored=ignored,
        ),
        yaml,
    )


def _absent(absent: list[int], source: MaskSource, counts: Counts, complete: bool) -> Finding:
    names = source.class_names or []
    shown = ", ".join(f"{c} {names[c]}".strip() if c < len(names) else str(c) for c in absent)
    classes = max(source.classes or 2, 2)
    last = classes - len(absent)
    if absent == list(range(last, classes)) and last >= 2:
        comment = _("if these classes do not exist; the datasets too")
        yaml: Text = commented(f"model:\n  num_classes: {last}", comment)
    else:
        pixels, area = ([table.get(c, 0) for c in range(classes)] for table in (counts.pixels, counts.area))
        weight = ", ".join(f"{w:.3g}" for w in balance("sqrt_inverse", pixels, area)) if any(pixels) else "..."
        yaml = f"loss:\n  types:\n    - type: paddleseg_losses.DiceLoss\n      weight: [{weight}]\n  coef: [1]"
    if complete:
        text = _("Class {names} never occurs in the masks.", names=shown)
    else:
        text = _("Class {names} never occurs in {count} masks spread over the list.", names=shown, count=counts.masks)
    return Finding("class_never_occurs", text, yaml)
