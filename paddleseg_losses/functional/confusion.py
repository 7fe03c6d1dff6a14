"""Expected costs of taking one class for another."""

from __future__ import annotations

from typing import Any

import paddle

from .. import numeric
from ..inputs import Inputs
from ..kernels import find

Tensor = Any


def confusion_sums(inputs: Inputs, matrix: Any) -> Tensor:
    """Expected cost of every pixel, summed over the pixels of each class, `[N, C]`.

    Args:
        inputs: clean tensors of a multiclass problem with hard labels.
        matrix: NumPy array `[C, C]` of the cost of the column where the row is true, 0 on the diagonal.
    """
    kernel = find("confusion_sums", inputs.problem)
    if kernel is not None:
        return kernel(inputs.problem, matrix)
    p, positive = inputs.prob.flatten(2), inputs.target.flatten(2)
    cost = paddle.matmul(numeric.constant(matrix, p.dtype), p)  # of each label at each pixel
    return numeric.spatial_sum(cost * positive)
