"""Areas under ROC curves over the pixels of any number of images, in the memory of one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_BINS = 10_000  # probabilities that fall into one count as ties: an error of 1e-4 at most


class RocCurves:
    """How often each probability of a class was right.

    Args:
        channels: 1 if every channel is a label of its own, 0 if the classes exclude each other.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.counts: Any = 0  # [classes, false or true, bins]

    def add(self, probabilities: Any, truth: Any, ignore_index: int) -> None:
        """One image: probabilities `[C, H, W]`, and its labels."""
        if not self.channels and len(probabilities) == 1:
            probabilities = np.concatenate([1 - probabilities, probabilities])
        true = truth == 1 if self.channels else np.stack([truth == c for c in range(len(probabilities))])
        valid = np.broadcast_to(truth != ignore_index, true.shape)
        bins = np.minimum((probabilities * _BINS).astype(np.int64), _BINS - 1)
        places = bins + _BINS * (true + 2 * np.arange(len(true))[:, None, None])
        counts = np.bincount(places[valid], minlength=2 * len(true) * _BINS)
        self.counts = self.counts + counts.reshape(len(true), 2, _BINS)

    def areas(self) -> Any:
        """Of each class; NaN for one that is everywhere or nowhere."""
        return np.array([_area(*count) for count in self.counts])


def _area(false: Any, true: Any) -> float:
    from sklearn.metrics import roc_auc_score  # comes with PaddleSeg

    if not false.any() or not true.any():
        return math.nan
    sides = np.repeat([0, 1], _BINS)
    return float(roc_auc_score(sides, np.tile(np.arange(_BINS), 2), sample_weight=np.concatenate([false, true])))
