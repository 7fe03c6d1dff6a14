"""The Lovász extension of the Jaccard loss: errors, sorted, against the increments of 1 - IoU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import constant

Tensor = Any

IGNORED = -1.0  # an error below every other: it sorts last, which is the same as leaving the pixel out


def softmax_rows(
    inputs: Inputs, per_image: bool, wanted: Sequence[int] | None, present_only: bool
) -> tuple[Tensor, Tensor]:
    """Lovász extension of each (image and) class over the errors |g - p|, and its number of pixels, `[N or 1, C]`.

    A kernel leaves out classes that are not wanted, and with `present_only` those without pixels.
    """
    kernel = find("lovasz_rows", inputs.problem)
    if kernel is not None:
        rows, sizes = kernel(inputs.problem, per_image, wanted=wanted, present_only=present_only)
        return rows, sizes if paddle.is_tensor(sizes) else constant(sizes, "int64")
    target = inputs.target
    errors = paddle.where(inputs.counted, inputs.excess.abs(), paddle.full([], IGNORED, target.dtype))
    hits = as_rows(target.astype("int64"), per_image)
    rows = lovasz(as_rows(errors, per_image), hits)
    return rows.reshape([-1, inputs.channels]), hits.sum(axis=1).reshape([-1, inputs.channels])


def hinge_rows(inputs: Inputs, per_image: bool) -> Tensor:
    """Lovász extension of each (image and) channel over max(0, 1 - z (2 y - 1)), `[N or 1, C]`.

    If two channels compete, it is one row, of z_1 - z_0.
    """
    kernel = find("lovasz_rows", inputs.problem)
    if kernel is not None:
        return kernel(inputs.problem, per_image, hinge=True)[0]
    z, target = inputs.logits, inputs.target
    if inputs.multiclass:
        z, target = z[:, 1:] - z[:, :1], target[:, 1:]
    errors = paddle.maximum(1 - z * (2 * target - 1), paddle.zeros([], z.dtype))
    errors = paddle.where(inputs.valid, errors, paddle.full([], IGNORED, z.dtype))
    rows = lovasz(as_rows(errors, per_image), as_rows(target.astype("int64"), per_image))
    return rows.reshape([-1, target.shape[1]])


def lovasz(errors: Tensor, hit: Tensor) -> Tensor:
    """Lovász extension of the Jaccard loss of each row (Berman et al., Algorithm 1).

    Args:
        errors: `[R, K]`, at least 0, or IGNORED.
        hit: int64 `[R, K]`, 1 where the pixel belongs to the class of the row, else 0.

    Returns:
        `[R]`. The increments carry no gradient.
    """
    with paddle.no_grad():
        order = errors.argsort(axis=1, descending=True)
        increments = jaccard_increments(paddle.take_along_axis(hit, order, axis=1), errors.dtype)
        increments = paddle.put_along_axis(paddle.zeros_like(errors), order, increments, axis=1)
        increments = paddle.where(errors == IGNORED, paddle.zeros_like(errors), increments)
    # Paddle adds a row of float32 one by one: 1e-3 is lost on a million pixels.
    return (errors * increments).astype("float64").sum(axis=1).astype(errors.dtype)


def as_rows(x: Tensor, per_image: bool) -> Tensor:
    """`[N, C, *S]` as one row of pixels for each class, or for each image and class."""
    x = x.flatten(2)
    return x.flatten(0, 1) if per_image else x.transpose([1, 0, 2]).flatten(1)


def jaccard_increments(hit: Tensor, dtype: Any) -> Tensor:
    """Growth of 1 - IoU as pixels are counted wrong one after another, `[R, K]`.

    With I pixels of the class still right and a union of U after the step, a class pixel adds 1/U and any other
    I / (U (U - 1)). Differences of the loss itself would cancel; counts are int64, as float32 sums stop at 2^24.
    """
    lost = hit.cumsum(axis=1)
    size = lost[:, -1:]
    right = (size - lost).astype(dtype)
    union = size + (1 - hit).cumsum(axis=1)
    grown = right / (union * (union - 1).clip(min=1)).astype(dtype)
    # An absent class has no union before its first wrong pixel, which raises its loss from 0 to 1.
    grown = paddle.where(union > 1, grown, paddle.ones_like(grown))
    return paddle.where(hit > 0, 1 / union.clip(min=1).astype(dtype), grown)
