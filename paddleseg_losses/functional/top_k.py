"""The pixels with the largest values."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import shape_of

Tensor = Any

IGNORED = -1.0  # a value below every other


def keep_top_k(inputs: Inputs, values: Tensor, percent: float) -> Inputs:
    """The same call with all pixels ignored but the given per cent with the largest values (at least one)."""
    kernel = find("keep_top_k", inputs.problem)
    if kernel is not None:
        return inputs.with_problem(inputs.problem.with_labels(kernel(inputs.problem, values, percent)))
    with paddle.no_grad():
        return inputs.restricted(_largest(inputs.valid, values, percent))


def _largest(valid: Tensor, values: Tensor, percent: float) -> Tensor:
    """Where the given per cent of the pixels that count with the largest values are, bool."""
    flat = paddle.where(valid, values, paddle.full([], IGNORED, values.dtype)).flatten()
    total = valid.astype("int64").sum().astype("float64")  # exact, where float32 would take one pixel too few
    share, hundred = (paddle.full([], x, "float64") for x in (percent, 100.0))  # numbers are float32 in a static graph
    count = (total * share / hundred).floor().astype("int64").clip(min=1)
    order = flat.argsort(descending=True)
    early = (paddle.arange(flat.shape[0] if flat.shape[0] > 0 else paddle.shape(flat)[0]) < count).astype(values.dtype)
    chosen = paddle.put_along_axis(paddle.zeros_like(flat), order, early, axis=0).reshape(shape_of(values))
    return paddle.logical_and(valid, chosen > 0)
