"""The pixels with the largest values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import paddle

from ..kernels import top_k as kernel

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any

IGNORED = -1.0  # a value below every other


def only_largest(values: Tensor, inputs: Inputs, percent: float) -> Inputs:
    """The same problem with all other pixels ignored, where kernels apply."""
    raw, classes = inputs.source, inputs.channels if inputs.multiclass else 2
    return inputs.with_labels(kernel.largest(values, raw.labels, classes, raw.ignore_index, percent))


def largest(values: Tensor, inputs: Inputs, percent: float) -> Tensor:
    """1 at the given per cent of the pixels that count with the largest values (at least one), else 0; no gradient."""
    if inputs.raw is not None:
        return only_largest(values, inputs, percent).mask
    valid = inputs.valid
    with paddle.no_grad():
        flat = paddle.where(valid, values, paddle.full([], IGNORED, values.dtype)).flatten()
        total = valid.astype("int64").sum().astype("float64")  # exact, where float32 would take one pixel too few
        count = (total * paddle.full([], percent, "float64") / 100).floor().astype("int64").clip(min=1)
        order = flat.argsort(descending=True)
        early = (paddle.arange(flat.shape[0]) < count).astype(values.dtype)
        chosen = paddle.put_along_axis(paddle.zeros_like(flat), order, early, axis=0).reshape(values.shape)
        return paddle.where(valid, chosen, paddle.zeros_like(chosen))
