"""One segmentation problem: scores, labels, and how to read them. Every backend is handed it whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Tensor = Any


@dataclass(frozen=True, eq=False)
class Problem:
    """The caller's tensors in one layout, nothing replaced yet.

    Attributes:
        scores: float32 or float64 `[N, C, *S]`: logits, or probabilities where an operation works on those; in half
            precision where kernels read that.
        labels: integers `[N, 1, *S]` (class indices) or `[N, C, *S]` (binary and multilabel), or floats `[N, C, *S]`
            (soft targets).
        mode: 'binary', 'multiclass' or 'multilabel'.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        valid: which pixels count, if the labels alone do not tell.
        soft: whether the labels are soft targets.
        from_logits: whether the caller's scores were logits.
        exclusive: whether each pixel has one label although each channel has a sigmoid: class 0 is the background.
        label_sets: what the labels C, C + 1, ... stand for: classes of which a pixel is one.
    """

    scores: Tensor
    labels: Tensor
    mode: str
    ignore_index: int = 255
    valid: Tensor | None = None
    soft: bool = False
    from_logits: bool = True
    exclusive: bool = False
    label_sets: tuple[tuple[int, ...], ...] = ()

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return int(self.scores.shape[1])

    @property
    def multiclass(self) -> bool:
        """Whether the channels compete in a softmax (else each has a sigmoid of its own)."""
        return self.mode == "multiclass"

    @property
    def space(self) -> list[int]:
        """Sizes of the spatial axes."""
        return [int(size) for size in self.scores.shape[2:]]

    @property
    def classes(self) -> int:
        """Number of values that a label can have."""
        return self.channels if self.multiclass else 2

    def reach(self, most: int) -> int:
        """So many steps along an axis, but no more than the image has: what lies beyond is outside for every pixel."""
        known = [size for size in self.space if size >= 0]
        return min(most, max(known) - 1) if len(known) == len(self.space) else most

    def sample(self, index: int) -> Problem:
        """The problem of one sample of the batch."""
        here = slice(index, index + 1)
        valid = None if self.valid is None else self.valid[here]
        return replace(self, scores=self.scores[here], labels=self.labels[here], valid=valid)

    def with_scores(self, scores: Tensor) -> Problem:
        """The same problem with other scores, the probabilities for example."""
        return replace(self, scores=scores)

    def with_labels(self, labels: Tensor) -> Problem:
        """The same problem with other labels."""
        return replace(self, labels=labels)
