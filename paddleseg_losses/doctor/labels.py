"""Findings about the masks on disk."""

from __future__ import annotations

from collections.abc import Iterator

from ..datasets import Counts, MaskSource, Merged, balance, white_masks
from ..i18n import CLAUSES, Message, Text, _, listed, plural
from .report import SAVE_AS_INDICES, Finding, commented

_EIGHT_BITS = "Image.fromarray(np.asarray(mask).astype('uint8'))"
_NARROW = _("Save the masks with 8 bits: {code}", code=_EIGHT_BITS)
_TRAIN_WITH_OURS = _("train with `paddleseg-losses train` or `run`, which read it right")
_OURS = _("or train with `paddleseg-losses train` or `run`, which read them right")
_PROBLEMS: dict[str, tuple[Message, Message | None]] = {  # what they are, and the cure where it is always the same
    "channels": (
        _("with a channel axis: RGB masks, whose colors are not class indices"),
        Message("# {comment}", comment=SAVE_AS_INDICES),
    ),
    "missing": (_("not found"), Message("# {comment}", comment=_("Remove these lines from the list"))),
    "unreadable": (
        _("cannot be read"),
        Message("# {comment}", comment=_("Remove these lines from the list, or save the masks again")),
    ),
    "fractions": (
        _("with fractions instead of class indices"),
        Message("# {comment}", comment=_("Save the masks as integers")),
    ),
    "nan": (
        _("with NaN, which is no class index"),
        None,
    ),
    "values": (
        _("with more different values than there are classes: numbers of objects, or heights, perhaps"),
        Message("# {comment}", comment=SAVE_AS_INDICES),
    ),
    "bits_1": (
        _("of 1 bit: Paddle reads their foreground as 255, which is usually the ignored label"),
        _("# {comment},\n# {ours}", comment=_NARROW, ours=_OURS),
    ),
    "bits_16": (
        _("of 16 bits: Paddle reads them as bfloat16, and every label becomes class 0"),
        None,
    ),
}
_LOSSY = (".jpg", ".jpeg")
_MANY = 10  # labels that a text names at most


def check_labels(source: MaskSource, counts: Counts, complete: bool, part: str = "train") -> Iterator[Finding]:
    """Problems of the masks and their labels."""
    cures = {"nan": _nan_cure(source.ignore_index), "bits_16": _narrowing(max(counts.pixels, default=0), complete)}
    for kind, problem in [*counts.problems.items(), *counts.notes.items()]:
        words, yaml = _PROBLEMS[kind]
        what = {"problem": words, "what": listed(problem.first, CLAUSES)}
        text = plural("{count} mask {problem}: {what}", "{count} masks {problem}: {what}", problem.count, **what)
        yield Finding(f"masks_{kind}", text, cures[kind] if yaml is None else yaml)
    if counts.masks and source.classes is not None:
        yield from _check_values(source, counts, complete, part)


def check_merged(merged: Merged, counts: Counts) -> Iterator[Finding]:
    """Values of which a transform makes background though they look like mistakes."""
    if _is_lossy(merged.before):
        return  # which says more about them
    far = 2 * len(counts.pixels)  # class indices have few gaps
    gray = white_masks.WHITE in merged.foreground  # then black is the only other value
    known = {0, *merged.foreground, *merged.before.no_classes}
    strange = sorted(value for value in counts.pixels if value not in known and (gray or value >= far))
    if strange:
        total = sum(counts.pixels.values())
        shown = ", ".join(f"{value} ({counts.pixels[value] / total:.2%})" for value in strange[:_MANY])
        text = _(
            "{transform} makes background of values that its {option} do not name: {shown}; {mask} has {first}.",
            transform=merged.transform,
            option=merged.option,
            shown=shown + (", ..." if len(strange) > _MANY else ""),
            mask=counts.first[strange[0]],
            first=strange[0],
        )
        cure = _(
            "Correct the masks; or, if these values are foreground, add them to the {option} of {transform}",
            transform=merged.transform,
            option=merged.option,
        )
        yield Finding("merged_values", text, Message("# {comment}", comment=cure))


def _nan_cure(ignored: int | None) -> Message:
    ignored = 255 if ignored is None else ignored
    width = "uint8" if 0 <= ignored < 256 else "int32"
    code = f"np.where(np.isnan(mask), {ignored}, mask).astype('{width}')"
    return Message(
        "# {comment}",
        comment=_("Save the masks as integers, with the ignored label where they hold NaN: {code}", code=code),
    )


def _narrowing(largest: int, complete: bool) -> Message:
    """What to do about 16 bits: with 8, a label above 255 would become another one without a word."""
    if largest > 255:
        comment = _("The label {label} does not fit 8 bits: {ours}", label=largest, ours=_TRAIN_WITH_OURS)
        return Message("# {comment}", comment=comment)
    narrow = (
        _NARROW if complete else _("If no mask has a label above 255, save them with 8 bits: {code}", code=_EIGHT_BITS)
    )
    return _("# {comment},\n# {ours}", comment=narrow, ours=_OURS)


def _check_values(source: MaskSource, counts: Counts, complete: bool, part: str) -> Iterator[Finding]:
    ignored, classes = source.ignore_index, max(source.classes or 2, 2)
    labels = sorted(value for value in counts.pixels if value not in source.no_classes)
    unknown = [value for value in labels if not 0 <= value < classes]
    if set(counts.pixels) == {0, white_masks.WHITE}:
        yield _is_0_255(ignored, part)
        return
    if _is_lossy(source):
        yield _lossy(source, counts)
    elif unknown:
        yield _out_of_range(unknown, classes, counts, source, part)
    known = [value for value in labels if 0 <= value < classes]
    absent = [c for c in range(classes) if not counts.pixels.get(c) and c != ignored]
    open_labels = any(counts.pixels.get(label) for label in source.partial)  # they may hold any class
    if absent and part == "train" and not open_labels:
        yield _absent(absent, source, counts, complete)
    if len(known) == 1 and not absent:
        yield _one_class(known[0], ignored)


def _is_0_255(ignored: int | None, part: str) -> Finding:
    white = ignored == white_masks.WHITE
    text = white_masks.problem() if white else _("The masks contain only 0 and 255, and 255 is not a class.")
    return Finding("masks_0_255", text, white_masks.reading(part))


def _is_lossy(source: MaskSource) -> bool:
    return any(name.lower().endswith(_LOSSY) for name in source.names)


def _lossy(source: MaskSource, counts: Counts) -> Finding:
    """JPEG changes labels near boundaries, into other classes too."""
    name = next(name for name in source.names if name.lower().endswith(_LOSSY))
    ends = sum(n for value, n in counts.pixels.items() if value <= 20 or value >= 235)
    if max(counts.pixels) > 200 and ends > 0.9 * sum(counts.pixels.values()):
        cure = _("Save them again as PNG: {code}", code="Image.fromarray((mask > 127).astype('uint8'))")
    else:
        cure = _("Save the masks again as PNG, from the annotations: what JPEG has changed cannot be restored")
    text = _("Masks are stored as JPEG ({name}), which changes labels near boundaries.", name=name)
    return Finding("masks_lossy", text, Message("# {comment}", comment=cure))


def _one_class(left: int, ignored: int | None) -> Finding:
    text = _(
        "Only class {label} is left: the others are written as {ignored}, the ignored label, and a class alone teaches "
        "nothing.",
        label=left,
        ignored=ignored,
    )
    yaml = "train_dataset:\n  ignore_index: 255\nval_dataset:\n  ignore_index: 255"
    return Finding("one_class", text, commented(yaml, _("or another label that is no class")))


def _out_of_range(unknown: list[int], classes: int, counts: Counts, source: MaskSource, part: str) -> Finding:
    shown = ", ".join(map(str, unknown[:_MANY])) + (", ..." if len(unknown) > _MANY else "")
    return Finding(
        "labels_out_of_range",
        _(
            "The masks contain the labels {shown}, but num_classes is {classes} and ignore_index is {ignored}; {mask} "
            "has label {first}.",
            first=unknown[0],
            shown=shown,
            mask=counts.first[unknown[0]],
            classes=source.classes,
            ignored=source.ignore_index,
        ),
        _in_range(unknown, classes, counts, source, part),
    )


def _in_range(unknown: list[int], classes: int, counts: Counts, source: MaskSource, part: str) -> Text:
    ignored = source.ignore_index
    labels = {value for value in counts.pixels if value not in source.no_classes}
    section, other = ("train_dataset", "val_dataset") if part == "train" else ("val_dataset", "train_dataset")
    gap = max(labels) + 1 - len(labels)
    if 0 not in labels and unknown == [classes]:
        code = f"np.where(mask == {ignored}, mask, mask - 1)"
        comment = _("The labels begin with 1: subtract 1 from the masks, {code}", code=code)
    elif len(unknown) == 1 and (gap > 1 or unknown[0] < 0) and ignored not in counts.pixels:
        padding = _(
            "if it marks pixels to ignore; {section} too, and label_padding_value of transforms that pad", section=other
        )
        return commented(f"{section}:\n  ignore_index: {unknown[0]}", padding)
    elif unknown[0] < 0 or (gap > 1 and len(unknown) == 1):
        comment = _("Write the ignored label, {ignored}, where these labels mark pixels to ignore", ignored=ignored)
    elif gap > 3 or (gap > 1 and len(unknown) > 3):
        comment = _("These look like gray levels: convert them to the classes 0, 1, 2, ... first")
    else:
        count = max(labels) + 1
        more = _("{section} too", section=other)
        return commented(f"model:\n  num_classes: {count}\n{section}:\n  num_classes: {count}", more)
    return Message("# {comment}", comment=comment)


def _absent(absent: list[int], source: MaskSource, counts: Counts, complete: bool) -> Finding:
    names = source.class_names or []
    shown = ", ".join(f"{c} {names[c]}".strip() if c < len(names) else str(c) for c in absent)
    classes = max(source.classes or 2, 2)
    last = classes - len(absent)
    if not complete:
        text = _("Class {names} never occurs in {count} masks spread over the list.", names=shown, count=counts.masks)
        comment = _("It may be in the others: look at all masks first, --masks {count}", count=len(source))
        return Finding("class_never_occurs", text, Message("# {comment}", comment=comment))
    if absent == list(range(last, classes)) and last >= 2:
        comment = _("if these classes do not exist; the datasets too")
        yaml: Text = commented(f"model:\n  num_classes: {last}", comment)
    else:
        pixels, area = ([table.get(c, 0) for c in range(classes)] for table in (counts.pixels, counts.area))
        weight = ", ".join(f"{w:.3g}" for w in balance("sqrt_inverse", pixels, area)) if any(pixels) else "..."
        yaml = f"loss:\n  types:\n    - type: paddleseg_losses.DiceLoss\n      weight: [{weight}]\n  coef: [1]"
    text = _("Class {names} never occurs in the masks.", names=shown)
    return Finding("class_never_occurs", text, yaml)
