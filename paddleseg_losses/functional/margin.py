"""How far logits are below the largest one."""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F

from .. import numeric
from ..inputs import Inputs
from ..kernels import find
from .error_sums import pixel_count

Tensor = Any


def margin_excess(inputs: Inputs, margin: float) -> Tensor:
    """Mean over pixels and classes of by how much more than the margin a logit is below the largest, 0-D.

    A sigmoid's logit z stands for the two classes (0, z); pixels count by their weights.
    """
    kernel = find("margin_total", inputs.problem)
    if kernel is not None:
        total = kernel(inputs.problem, margin, inputs.pixel_weight, inputs.differentiable)
        return numeric.safe_divide(total, _pixels(inputs))
    z = inputs.logits
    bound = paddle.full([], margin, z.dtype)
    if inputs.multiclass:
        largest, zero = numeric.is_largest(z), paddle.zeros([], z.dtype)
        top = paddle.where(largest, z, zero).sum(axis=1, keepdim=True)  # one position has its gradient
        excess = F.relu(top - z - bound).mean(axis=1, keepdim=True)
    else:
        excess = F.relu(numeric.magnitude(z) - bound) / 2
    weight = inputs.weighted_mask
    return numeric.safe_divide(numeric.grand_total(excess * weight), numeric.grand_total(weight))


def _pixels(inputs: Inputs) -> Tensor:
    """Number of pixels that count, or of elements under a sigmoid, by their weights."""
    if inputs.pixel_weight is not None:
        return numeric.grand_total(inputs.weighted_mask)
    count = pixel_count(inputs)
    return (count[:, 0] if inputs.multiclass else count).sum()
