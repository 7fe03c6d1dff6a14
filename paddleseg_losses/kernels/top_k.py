"""The pixels with the largest values, by the kernel `native/pixelwise/top_k.cpp`."""

from __future__ import annotations

import math
from typing import Any

import paddle

from ..problem import Problem
from .loader import threads
from .native_problem import LABEL_BYTES, function, require
from .unfilled import unfilled

Tensor = Any


def keep_top_k(problem: Problem, values: Tensor, percent: float) -> Tensor:
    """The problem's labels at the given per cent of the pixels that count with the largest values (at least one).

    Args:
        problem: its labels tell which pixels count; all others get the ignored label.
        values: float32 of at least 0, of the labels' shape.
        percent: in (0, 100].
    """
    shape = list(values.shape)
    require(values, [paddle.float32], [shape], shape)
    require(problem.labels, list(LABEL_BYTES), [shape], shape)
    values, labels = values.contiguous(), problem.labels.contiguous()
    kept, size = unfilled(labels.shape, labels.dtype), math.prod(shape)
    kept.stop_gradient = True
    function("top_k")(
        values.data_ptr(), labels.data_ptr(), LABEL_BYTES[labels.dtype], size, problem.classes, problem.ignore_index,
        percent, kept.data_ptr(), threads(size),
    )  # fmt: skip
    return kept
