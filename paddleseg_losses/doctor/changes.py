"""Findings about what the transforms make of labels: those of a batch beside those of its masks on disk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..datasets import Counts, MaskSource
from ..i18n import Message, _
from .batch import Batch
from .report import Finding

_NOTABLE = 0.01  # share of the pixels of the masks
_DRAWS = 32  # a random crop may miss a class, but hardly so often
_CROPPED = 2  # times the area of a crop: it may miss a class of a larger image however often it is drawn


def of_changes(batch: Batch, source: MaskSource) -> Iterator[Finding]:
    """Classes that the transforms lose, and labels that they invent."""
    if batch.labels.ndim != 3 or batch.draw is None or batch.dataset != len(source):
        return
    disk = Counts()
    for index in batch.chosen:
        disk.add_mask(source.read(index), source.ignore_index, source.names[index])
    ignored = source.ignore_index
    expected = {label: n for label, n in disk.pixels.items() if label != ignored}
    seen = set(np.unique(batch.labels.numpy()).tolist()) - {ignored}
    every = sum(expected.values())
    lost = {label for label, n in expected.items() if n >= _NOTABLE * every and label not in seen}
    invented = seen - set(expected)
    if lost and not invented:
        lost = _never_drawn(lost, batch, sum(disk.pixels.values()))
        if lost:
            yield _lost(sorted(lost), {label: expected[label] / every for label in lost})
    elif invented and not lost:
        yield _invented(sorted(invented))


def _never_drawn(labels: set[int], batch: Batch, pixels: int) -> set[int]:
    """Those of the labels that no other draw of the transforms shows; none if that could be chance."""
    if batch.draw is None or pixels > _CROPPED * batch.labels.numpy().size:
        return set()
    draws = 0
    while labels and draws < _DRAWS:
        labels = labels - set(np.unique(batch.draw()).tolist())
        draws += 1
    return labels


def _lost(labels: list[int], shares: dict[int, float]) -> Finding:
    text = _(
        "Labels that the masks of the batch contain never reach the loss: {labels}.",
        labels=", ".join(f"{label} ({shares[label]:.1%})" for label in labels),
    )
    cure = _("Look for a transform of train_dataset that crops them away, or changes labels")
    return Finding("labels_lost", text, Message("# {comment}", comment=cure))


def _invented(labels: list[int]) -> Finding:
    text = _(
        "Labels reach the loss that no mask of the batch contains: {labels}.", labels=", ".join(map(str, labels[:10]))
    )
    cure = _("Look for a transform of train_dataset that interpolates labels: they need the nearest neighbor")
    return Finding("labels_invented", text, Message("# {comment}", comment=cure))
