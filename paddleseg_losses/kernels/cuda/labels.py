"""Labels as the other kernels like them, by the kernel of `source/labels.cu`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import paddle

from ..unfilled import unfilled
from .cuda_problem import LABELS
from .device import launch
from .tiling import BLOCK

Tensor = Any

_BLOCKS = 4096  # which a launch has at most: a thread then takes several labels
_SOME_COUNT, _SOME_WRONG = 1, 2


class Compact(NamedTuple):
    """A small copy of labels, which nobody else writes to."""

    labels: Tensor  # uint8, or int32 for more than 255 classes
    ignore_index: int  # where a label does not count: it was ignored, or out of range
    wrong: Tensor  # whether a label is neither a class nor ignored, bool 0-D
    any_valid: Tensor  # whether any counts, bool 0-D


def compact_labels(labels: Tensor, classes: int, ignore_index: int) -> Compact:
    """Copy labels of any type; nothing waits for the device."""
    labels, few, size = labels.contiguous(), classes <= 255, math.prod(labels.shape)
    out = unfilled(labels.shape, paddle.uint8 if few else paddle.int32)
    flags = paddle.zeros([1], "int32")
    out.stop_gradient = flags.stop_gradient = True
    launch(
        "labels_compact", min(_BLOCKS, math.ceil(size / BLOCK)), BLOCK, 0,
        labels, LABELS[labels.dtype], size, classes, ignore_index, out, int(few), flags,
    )  # fmt: skip
    wrong, counted = (
        paddle.bitwise_and(flags, paddle.full([], bit, "int32")).squeeze(0) > 0 for bit in (_SOME_WRONG, _SOME_COUNT)
    )
    return Compact(out, 255 if few else -1, wrong, counted)
