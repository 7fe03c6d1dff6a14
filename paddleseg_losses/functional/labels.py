"""How many pixels each class has, or what they weigh: labels alone tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs import Inputs
from ..kernels import find


def class_counts(inputs: Inputs) -> Any:
    """Number of labels of each class, an array `[N, C]`, or `[N, C, 2]` where channels are apart.

    None where there is no kernel.
    """
    return inputs.memoize(_class_counts) if inputs.class_counts is None else inputs.class_counts


def _class_counts(inputs: Inputs) -> Any:
    count = find("class_counts", inputs.for_labels)
    return None if count is None else count(inputs.for_labels)


def side_counts(inputs: Inputs) -> Any:
    """Number of positive and of negative pixels of each sample and channel by a kernel, an array `[2, N, C]`.

    With a weight for each pixel their weights are added. None where there is no kernel.
    """
    return inputs.memoize(_side_counts)


def are_counted(inputs: Inputs) -> bool:
    """Whether `side_counts` are known."""
    return _totals(inputs) is not None


def total_count(inputs: Inputs) -> float:
    """The number of labels that count, or what their pixels weigh; only where `are_counted`."""
    return float(_totals(inputs).sum())


def _side_counts(inputs: Inputs) -> Any:
    counts = _totals(inputs)
    if counts is None:
        return None
    if not inputs.multiclass:
        return np.array([counts[..., 1], counts[..., 0]])
    return np.array([counts, counts.sum(axis=1, keepdims=True) - counts])


def _totals(inputs: Inputs) -> Any:
    """`class_counts`, or the sum of the pixels' weights of each class."""
    return class_counts(inputs) if inputs.pixel_weight is None else inputs.memoize(_label_weights)


def _label_weights(inputs: Inputs) -> Any:
    add = find("label_weights", inputs.for_labels)
    return None if add is None else add(inputs.for_labels, inputs.pixel_weight)


def every_cell_counts(inputs: Inputs) -> bool:
    """Whether every sample and channel is known to have a pixel that counts."""
    return inputs.memoize(_every_cell_counts)


def _every_cell_counts(inputs: Inputs) -> bool:
    totals = _totals(inputs)
    if totals is None:
        return False
    # Where no class is missing, counting takes a tenth of the time of two reductions.
    return np.count_nonzero(totals) == totals.size or bool(totals.any(axis=-1).all())
