"""Number of pixels of each class, which labels alone tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.labels import label_counts

if TYPE_CHECKING:
    from ..inputs import Inputs


def counts(inputs: Inputs) -> Any:
    """Number of pixels of each side, of each sample and channel, by the kernel; an array `[2, N, C]`."""
    classes = inputs.channels if inputs.multiclass else 2
    found = inputs.label_counts
    if found is None:
        raw = inputs.source
        found = label_counts(raw.labels, classes, raw.ignore_index, channels=not inputs.multiclass)
    if not inputs.multiclass:
        return np.stack([found[..., 1], found[..., 0]])
    return np.stack([found, found.sum(axis=1, keepdims=True) - found])
