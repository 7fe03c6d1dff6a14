"""Labels as the kernels like them, and their number, by the kernel `native/labels.cpp`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import paddle

from .problem import ADDRESS, LABEL_BYTES, LONG, WHOLE, function
from .switch import threads

Tensor = Any


class Compact(NamedTuple):
    """A small copy of labels, which nobody else writes to."""

    labels: Tensor  # uint8, or int32 for more than 255 classes
    ignore_index: int  # where a label does not count: it was ignored, or out of range
    valid: int  # number of labels that count
    wrong: int  # number of those that are neither classes nor ignored


def compact_labels(labels: Tensor, classes: int, ignore_index: int) -> Compact:
    """Copy labels (int64, int32 or uint8), and count them."""
    labels, few = labels.contiguous(), classes <= 255
    size, found = math.prod(labels.shape), np.zeros(2, np.int64)
    out = paddle.empty(labels.shape, "uint8" if few else "int32")
    out.stop_gradient = True
    native = function("compact_labels", ADDRESS, WHOLE, LONG, LONG, LONG, ADDRESS, WHOLE, ADDRESS, WHOLE)
    native(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], size, classes, ignore_index,
        out.data_ptr(), LABEL_BYTES[out.dtype], found.ctypes.data, threads(size),
    )  # fmt: skip
    return Compact(out, 255 if few else -1, int(found[0]), int(found[1]))


def label_counts(labels: Tensor, classes: int, ignore_index: int, channels: bool = False) -> Any:
    """Number of labels of each class that count.

    Args:
        labels: int64, int32 or uint8, `[N, ...]`.
        classes: labels from this number on do not count.
        ignore_index: label of pixels to leave out.
        channels: whether each channel of axis 1 is counted on its own.

    Returns:
        int64 array `[N, classes]`, or `[N, C, classes]`.
    """
    labels = labels.contiguous()
    planes = labels.shape[: 2 if channels else 1]
    size, count = math.prod(labels.shape), math.prod(planes)
    found = np.zeros((*planes, classes), np.int64)
    native = function("label_counts", ADDRESS, WHOLE, LONG, LONG, LONG, LONG, ADDRESS, WHOLE)
    native(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], count, size // count, classes, ignore_index,
        found.ctypes.data, threads(size),
    )  # fmt: skip
    return found
