"""Labels as the kernels like them, and their number, by the kernel `native/labels.cpp`."""

from __future__ import annotations

import ctypes
import math
from typing import Any, NamedTuple

import numpy as np
import paddle

from .backend import threads
from .problem import LABEL_BYTES, function

Tensor = Any


class Compact(NamedTuple):
    """A small copy of labels, which nobody else writes to."""

    labels: Tensor  # uint8, or int32 for more than 255 classes
    ignore_index: int  # where a label does not count: it was ignored, or out of range
    counts: Any  # number of labels of each class, int64 array `[N, classes]`, or `[N, C, classes]`
    wrong: int  # number of labels that are neither classes nor ignored


def compact_labels(labels: Tensor, classes: int, ignore_index: int, channels: bool = False) -> Compact:
    """Copy labels (int64, int32 or uint8), and count them; `channels` as for `label_counts`."""
    labels, few = labels.contiguous(), classes <= 255
    planes, size, found = _cut(labels, classes, channels)
    out = paddle.empty(labels.shape, "uint8" if few else "int32")
    out.stop_gradient = True
    wrong = ctypes.c_int64()
    function("labels_compact")(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], planes, size, classes, ignore_index,
        out.data_ptr(), LABEL_BYTES[out.dtype], found.ctypes.data, ctypes.byref(wrong), threads(planes * size),
    )  # fmt: skip
    return Compact(out, 255 if few else -1, found, wrong.value)


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
    planes, size, found = _cut(labels, classes, channels)
    function("labels_count")(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], planes, size, classes, ignore_index,
        found.ctypes.data, threads(planes * size),
    )  # fmt: skip
    return found


def _cut(labels: Tensor, classes: int, channels: bool) -> tuple[int, int, Any]:
    """Number of planes and labels of each, and room for counts."""
    planes = labels.shape[: 2 if channels else 1]
    count = math.prod(planes)
    return count, math.prod(labels.shape) // count, np.zeros((*planes, classes), np.int64)
