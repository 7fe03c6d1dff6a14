"""The pixels with the largest values, by the kernel `native/top_k.cpp`."""

from __future__ import annotations

import math
from typing import Any

import paddle

from .backend import threads
from .problem import LABEL_BYTES, function, require

Tensor = Any


def largest(values: Tensor, labels: Tensor, classes: int, ignore_index: int, percent: float) -> Tensor:
    """Labels of the given per cent of the pixels that count with the largest values (at least one).

    Args:
        values: float32 of at least 0, of the labels' shape.
        labels: tell which pixels count.
        classes: labels from this number on do not.
        ignore_index: label of pixels to leave out, which others get that are not chosen.
        percent: in (0, 100].
    """
    shape = list(values.shape)
    require(values, [paddle.float32], [shape], shape)
    require(labels, list(LABEL_BYTES), [shape], shape)
    values, labels = values.contiguous(), labels.contiguous()
    kept, size = paddle.empty_like(labels), math.prod(shape)
    kept.stop_gradient = True
    function("top_k")(
        values.data_ptr(), labels.data_ptr(), LABEL_BYTES[labels.dtype], size, classes, ignore_index, percent,
        kept.data_ptr(), threads(size),
    )  # fmt: skip
    return kept
