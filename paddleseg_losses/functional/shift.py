"""The neighbours of every pixel."""

from __future__ import annotations

from typing import Any

import paddle

Tensor = Any

END = 2**31 - 1  # beyond any axis: a static graph may leave sizes open


def shifted(x: Tensor, axis: int, step: int, fill: float | None) -> Tensor:
    """`x[i + step]` along an axis; beyond the image `fill`, or the last pixel again if None. `step` is 1 or -1."""
    edge = x.slice([axis], [-1] if step > 0 else [0], [END] if step > 0 else [1])
    if fill is not None:
        edge = paddle.full_like(edge, fill)
    if x.shape[axis] == 1:
        return edge
    inner = x.slice([axis], [1] if step > 0 else [0], [END] if step > 0 else [-1])
    return paddle.concat([inner, edge] if step > 0 else [edge, inner], axis=axis)
