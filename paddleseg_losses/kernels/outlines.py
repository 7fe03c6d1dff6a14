"""What labels and decisions say of regions and their rims, by `native/outlines.cpp` and `native/closeness.cpp`.

None of it has a gradient. The arguments `logits`, `labels`, `sigmoid` and `ignore_index` are those of `Problem`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle

from ..errors import KernelError
from .edt import checked_spacing
from .memory import MOST, function, integers, reals
from .problem import ADDRESS, POINTER, WHOLE, Problem

Tensor = Any


def rim_counts(logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int) -> Any:
    """How many pixels of each class have a direct neighbour outside it, NumPy int64 `[N, C]`; only labels are read."""
    counts = np.empty(logits.shape[:2], np.int64)
    _call("rim_counts", (logits, labels, sigmoid, ignore_index), (ADDRESS, counts.ctypes.data))
    return counts


def contour_errors(
    scores: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, spacing: Sequence[float] | None
) -> Tensor:
    """How far the decided rims lie from the true ones, where the decision is wrong; else 0.

    Args:
        scores: the largest decides; under a sigmoid probabilities, and above 0.5 decides.
        labels: see above.
        sigmoid: see above.
        ignore_index: see above.
        spacing: size of a pixel along each axis; 1 if None.

    Returns:
        float32 of the labels' shape; the mean over the classes from 1 on of which both rims exist.
    """
    steps = checked_spacing(spacing, scores.shape[2:])
    out = paddle.empty(labels.shape, "float32")
    padded = None if steps is None else [1.0] * (3 - len(steps)) + list(steps)
    _call(
        "contour_errors", (scores, labels, sigmoid, ignore_index), (ADDRESS, reals(padded)), (ADDRESS, out.data_ptr())
    )
    return out


def region_closeness(
    logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, spacing: Sequence[float] | None, normalize: bool
) -> Tensor:
    """`boundary_closeness` of the region that each pixel belongs to, float32 of the labels' shape; labels are read."""
    steps = reals(checked_spacing(spacing, logits.shape[2:]))
    out = paddle.empty(labels.shape, "float32")
    rest = ((ADDRESS, steps), (WHOLE, int(normalize)), (ADDRESS, out.data_ptr()))
    _call("region_closeness", (logits, labels, sigmoid, ignore_index), *rest)
    return out


def _call(name: str, problem: tuple[Any, ...], *arguments: tuple[Any, Any]) -> None:
    """Run a kernel on a problem, its space, and arguments with their types."""
    space = [int(size) for size in problem[0].shape[2:]]
    if not 1 <= len(space) <= 3 or math.prod(space) > MOST:
        raise KernelError(f"An image of {space} pixels.", f"1 to 3 axes and at most {MOST} pixels", "cut it up")
    native = function(name, POINTER, WHOLE, ADDRESS, *(kind for kind, _ in arguments), WHOLE)
    Problem(*problem).call(native, len(space), integers(space), *(value for _, value in arguments))
