"""Counting labels, by the kernel `native/labels.cpp`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .problem import ADDRESS, LABEL_BYTES, LONG, WHOLE, function
from .switch import threads

Tensor = Any


def scan_labels(labels: Tensor, classes: int, ignore_index: int) -> tuple[int, int]:
    """Number of labels that count, and of those that are neither classes nor ignored."""
    labels, size, found = labels.contiguous(), math.prod(labels.shape), np.zeros(2, np.int64)
    native = function("scan_labels", ADDRESS, WHOLE, LONG, LONG, LONG, ADDRESS, WHOLE)
    width = LABEL_BYTES[labels.dtype]
    native(labels.data_ptr(), width, size, classes, ignore_index, found.ctypes.data, threads(size))
    return int(found[0]), int(found[1])
