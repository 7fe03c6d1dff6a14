"""Why the shapes of labels and logits may disagree, and what to do about it."""

from __future__ import annotations

from .i18n import Text, _

COLOURS = (3, 4)  # RGB, and RGB with transparency


def shape_advice(labels: list[int], logits: list[int], channels_last: bool) -> Text:
    """What to do about labels of a shape that does not fit logits `[N, C, *S]`."""
    n, channels, *space = logits
    axes = [0, len(space) + 1, *range(1, len(space) + 1)]
    to_front = f"labels.transpose({axes})"
    if looks_like_rgb(labels, logits):
        rgb = _("this looks like an RGB(A) mask: convert its colors to class indices first")
        if labels != [n, *space, channels]:
            return rgb
        return _("{advice}; if these are one-hot labels, use {code}", advice=rgb, code=to_front)
    # The logits as they were given, read the other way round.
    misread = (n, *space[1:], channels) if channels_last else (n, channels, *space[:-1])
    advice = {
        (n, *space, channels): _("the classes of the labels are on the last axis: use {code}", code=to_front),
        (n, *space[::-1]): _(
            "height and width of the labels are swapped: use {code}", code=f"labels.transpose({[0, *axes[:1:-1]]})"
        ),
        (channels, *space): _("the batch axis is missing: use logits.unsqueeze(0) and labels.unsqueeze(0)"),
        (1, channels, *space): _("the batch axis of the logits is missing: use logits.unsqueeze(0)"),
        misread: _("the channels of the logits are on axis 1: omit data_format")
        if channels_last
        else _("the channels of the logits are on the last axis: set data_format='NHWC'"),
    }
    return advice.get(tuple(labels)) or _unequal(labels, n, channels, space)


def _unequal(labels: list[int], n: int, channels: int, space: list[int]) -> Text:
    """Shapes of the same layout that differ in one part."""
    batch, *rest = labels or [0]
    if rest in (space, [1, *space], [channels, *space]):
        return _(
            "give labels and logits of the same samples: labels have {labels}, logits {logits}", labels=batch, logits=n
        )
    if len(labels) == len(space) + 2 and labels[2:] == space:
        return _("set num_classes of the model to {classes}, or give class indices", classes=labels[1])
    if len(labels) == len(space) + 1 and batch == n and all(2 * size >= 3 * own for size, own in zip(rest, space)):
        return _("resize the logits, or put the loss into a DeepSupervisionLoss, which shrinks labels to an output")
    return _("resize logits or labels to the same size, and look for a lost or swapped axis")


def looks_like_rgb(labels: list[int], logits: list[int]) -> bool:
    """Whether labels have an axis of 3 or 4 that can only be colours; the shapes are any and `[N, C, *S]`."""
    n, channels, *space = logits
    if len(labels) == len(space) + 1:  # an image without its batch axis, perhaps
        return labels[:-1] == space and labels[-1] in COLOURS and labels[0] != n
    if len(labels) != len(space) + 2:
        return False
    if space in (labels[1:-1], labels[2:]):
        return (labels[-1] if labels[1:-1] == space else labels[1]) in COLOURS
    # Of another size: neither the axis of classes nor one as long as that of the logits is taken for colours.
    last = labels[-1] in COLOURS and labels[-1] != space[-1] and labels[1] not in (1, channels)
    planes = labels[1] in COLOURS and labels[1] not in (channels, space[0])
    return last or planes
