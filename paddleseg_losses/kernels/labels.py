"""Labels as the kernels like them, and their number, by the kernel `native/pixelwise/labels.cpp`."""

from __future__ import annotations

import ctypes
import math
from typing import Any, NamedTuple

import numpy as np
import paddle

from ..problem import Problem
from .loader import threads
from .native_problem import LABEL_BYTES, function
from .unfilled import unfilled

Tensor = Any


class Compact(NamedTuple):
    """A small copy of labels, which nobody else writes to."""

    labels: Tensor  # uint8, or int32 for more than 255 classes
    ignore_index: int  # where a label does not count: it was ignored, or out of range
    counts: Any  # number of labels of each class, int64 array `[N, classes]`, or `[N, C, classes]`
    wrong: int  # number of labels that are neither classes nor ignored


def compact_labels(labels: Tensor, classes: int, ignore_index: int, channels: bool = False) -> Compact:
    """Copy labels (int64, int32 or uint8), and count them; with `channels`, each channel of axis 1 on its own."""
    labels, few = labels.contiguous(), classes <= 255
    planes, size, counts = _cut(labels, classes, channels)
    out = unfilled(labels.shape, paddle.uint8 if few else paddle.int32)
    out.stop_gradient = True
    wrong = ctypes.c_int64()
    function("labels_compact")(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], planes, size, classes, ignore_index,
        out.data_ptr(), LABEL_BYTES[out.dtype], counts.ctypes.data, ctypes.byref(wrong), threads(planes * size),
    )  # fmt: skip
    return Compact(out, 255 if few else -1, counts, wrong.value)


def compact_one_hot(labels: Tensor, ignore_index: int) -> Compact:
    """Class indices `[N, 1, *S]` of one-hot labels `[N, C, *S]` (int64, int32 or uint8), and their counts.

    A pixel is left out where all its channels hold the ignore_index. `wrong` counts pixels without exactly one 1.
    """
    labels = labels.contiguous()
    samples, classes, *space = (int(size) for size in labels.shape)
    few, size = classes <= 255, math.prod(space)
    out, counts = (
        unfilled([samples, 1, *space], paddle.uint8 if few else paddle.int32),
        np.zeros((samples, classes), np.int64),
    )
    out.stop_gradient = True
    wrong = ctypes.c_int64()
    function("labels_compact_one_hot")(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], samples, classes, size, ignore_index, out.data_ptr(),
        LABEL_BYTES[out.dtype], counts.ctypes.data, ctypes.byref(wrong), threads(samples * classes * size),
    )  # fmt: skip
    return Compact(out, 255 if few else -1, counts, wrong.value)


def class_counts(problem: Problem) -> Any:
    """Number of labels of each class that count, int64 array `[N, C]`, or `[N, C, 2]` where channels are apart."""
    labels = problem.labels.contiguous()
    planes, size, counts = _cut(labels, problem.classes, not problem.multiclass)
    function("labels_count")(
        labels.data_ptr(), LABEL_BYTES[labels.dtype], planes, size, problem.classes, problem.ignore_index,
        counts.ctypes.data, threads(planes * size),
    )  # fmt: skip
    return counts


def _cut(labels: Tensor, classes: int, channels: bool) -> tuple[int, int, Any]:
    """Number of planes and labels of each, and room for counts."""
    planes = labels.shape[: 2 if channels else 1]
    count = math.prod(planes)
    return count, math.prod(labels.shape) // count, np.zeros((*planes, classes), np.int64)
