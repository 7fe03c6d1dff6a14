"""Prices of taking one class for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from .. import numeric
from ..kernels import confusion as kernel

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def prices(inputs: Inputs, matrix: Any) -> Tensor:
    """Expected price of every pixel, summed over the pixels of each class, `[N, C]`.

    Args:
        inputs: clean tensors of a multiclass problem with hard labels.
        matrix: NumPy array `[C, C]` of the price of the column where the row is true, 0 on the diagonal.
    """
    raw = inputs.raw
    if raw is not None:
        return kernel.confusion(raw.logits, raw.labels, raw.ignore_index, matrix)
    p, own = inputs.prob.flatten(2), inputs.target.flatten(2)
    matrix = np.asarray(matrix, numeric.name_of(p.dtype))  # Paddle 2.6 casts none of float64 in a static graph
    price = paddle.matmul(paddle.to_tensor(matrix), p)  # of each label at each pixel
    return numeric.spatial_sum(price * own)
