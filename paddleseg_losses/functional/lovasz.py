"""The Lovász extension of the Jaccard loss: errors, sorted, against the increments of 1 - IoU.

Rows are sorted one by one: on a GPU a table of them would be sorted by one block for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import paddle

from ..differentiable import Differentiable
from ..inputs import Inputs
from ..kernels import find
from ..numeric import from_host, name_of, put, spatial_sum, taken
from ..shares import Shares, slopes_of
from ..softmax import refuse_second_derivatives

Tensor = Any

IGNORED = -1.0  # an error below every other: it sorts last, which is the same as leaving the pixel out
COUNTABLE = 1 << 24  # a float32 counts so far
NO_UNION = 1e-30  # a class without pixels has no union before its first wrong one, which costs all of 1


def softmax_rows(
    inputs: Inputs, per_image: bool, wanted: Sequence[int] | None, present_only: bool
) -> tuple[Tensor, Tensor]:
    """Lovász extension of each (image and) class over the errors |g - p|, and its number of pixels, `[N or 1, C]`.

    Classes that are not wanted are left out where they can be; a kernel with `present_only` leaves out those without
    pixels.
    """
    kernel = find("lovasz_rows", inputs.problem)
    if kernel is not None:
        rows, sizes = kernel(inputs.problem, per_image, wanted=wanted, present_only=present_only)
        return rows, sizes if paddle.is_tensor(sizes) else from_host(sizes, "int64")
    if inputs.of_one_label:
        kept = tuple(range(inputs.channels) if wanted is None else wanted)
        counts: list[Tensor] = []  # no result of the operation: what carries no gradient would keep its graph for ever
        rows = _SoftmaxRows.apply(inputs.shares.p, inputs.shares, per_image, kept, counts)
        return rows, paddle.concat(counts).reshape(rows.shape)
    target = inputs.target
    errors = paddle.where(inputs.counted, inputs.excess.abs(), paddle.full([], IGNORED, target.dtype))
    hits = as_rows(target.astype("int64"), per_image)
    rows = lovasz(as_rows(errors, per_image), hits)
    return rows.reshape([-1, inputs.channels]), hits.sum(axis=1).reshape([-1, inputs.channels])


class _SoftmaxRows(Differentiable):
    """Keeps shares and increments."""

    @staticmethod
    def forward(
        ctx: Any, p: Tensor, shares: Shares, per_image: bool, wanted: tuple[int, ...], sizes: list[Tensor]
    ) -> Tensor:
        errors, known = _errors(shares)
        lists = list(known.flatten(1)) if per_image else [known.flatten()]
        place = paddle.arange(lists[0].shape[0], dtype=p.dtype)
        increments = []
        for sample, of_sample in enumerate(lists):
            for channel in range(p.shape[1]):
                row = (errors[sample, channel] if per_image else errors[:, channel]).flatten()
                if channel in wanted:
                    grown, size = jaccard_increments(row, of_sample, channel, place)
                else:
                    grown, size = paddle.zeros_like(row), paddle.zeros([1], "int64")
                increments.append(grown)
                sizes.append(size)
        if per_image:
            table = paddle.stack(increments).reshape(p.shape)
        else:
            table = paddle.stack([grown.reshape([-1, *p.shape[2:]]) for grown in increments], axis=1)
        ctx.save_for_backward(p, shares.labels, table)
        ctx.top = shares.top
        rows = spatial_sum(errors.multiply_(table))
        rows = rows if per_image else rows.sum(axis=0, keepdim=True)
        return rows.clip(min=0.0)  # less only where all pixels are ignored; a NaN stays, unlike in 2.6's `maximum`

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        p, labels, table = ctx.saved_tensor()
        each = table * upstream.reshape([*upstream.shape, *[1] * (p.ndim - 2)])
        return slopes_of(p, labels, ctx.top, each, partial(taken, each), taken(each, labels))


def _errors(shares: Shares) -> tuple[Tensor, Tensor]:
    """The error of each class, at the label's a sum of other shares, and the labels; both are -1 where ignored."""
    errors, valid, labels = shares.of_others(IGNORED), shares.valid, shares.labels
    put(errors, labels, paddle.where(valid, shares.error, paddle.full([], IGNORED, errors.dtype)), "add")
    return errors, paddle.where(valid, labels, paddle.full([], -1, labels.dtype))


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
    errors = 1 - z * (2 * target - 1)
    errors = paddle.where(errors <= 0, paddle.zeros([], z.dtype), errors)  # a NaN stays, unlike in 2.6's `maximum`
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
        if paddle.in_dynamic_mode():
            place = paddle.arange(errors.shape[1], dtype=errors.dtype)
            rows = [jaccard_increments(row, own, 1, place)[0] for row, own in zip(errors.unbind(0), hit.unbind(0))]
            increments = paddle.stack(rows)
        else:
            order = errors.argsort(axis=1, descending=True)
            increments = increments_of_rows(paddle.take_along_axis(hit, order, axis=1), errors.dtype)
            increments = paddle.put_along_axis(paddle.zeros_like(errors), order, increments, axis=1)
        increments = paddle.where(errors == IGNORED, paddle.zeros_like(errors), increments)
    # Paddle adds a row of float32 one by one: 1e-3 is lost on a million pixels.
    return (errors * increments).astype("float64").sum(axis=1).astype(errors.dtype)


def as_rows(x: Tensor, per_image: bool) -> Tensor:
    """`[N, C, *S]` as one row of pixels for each class, or for each image and class."""
    x = x.flatten(2)
    return x.flatten(0, 1) if per_image else x.transpose([1, 0, 2]).flatten(1)


def jaccard_increments(errors: Tensor, labels: Tensor, label: int, place: Tensor) -> tuple[Tensor, Tensor]:
    """Growth of 1 - IoU as the pixels of a row are counted wrong one after another, the largest error first.

    With I pixels of the class still right and a union of U after the step, a class pixel adds 1/U and any other
    I / (U (U - 1)). Differences of the loss itself would cancel.

    Args:
        errors: `[K]`.
        labels: `[K]`.
        label: that of the class.
        place: 0, 1, ..., of the errors' dtype.

    Returns:
        `[K]` in the order of the pixels, and the number of pixels of the class, int64 `[1]`.
    """
    count, dtype = errors.shape[0], errors.dtype
    order = errors.argsort(descending=True)
    hit = paddle.gather(labels, order) == paddle.full([], label, labels.dtype)
    exact = dtype if count <= COUNTABLE else "int32"
    lost = hit.astype(exact).cumsum(dtype=name_of(exact))  # Paddle 2.6 takes no type of its own here
    size, most = lost[-1:].astype("int64"), lost[-1:].astype(dtype)
    right = paddle.where(most == 0, paddle.full_like(most, NO_UNION), most) - lost.astype(dtype)
    before = place + right  # U - 1
    lost_share = paddle.masked_fill(right / before, hit, 1.0)
    grown = lost_share / (before + 1)
    return paddle.scatter_(lost_share, order, grown), size  # every element of it is overwritten


def increments_of_rows(hit: Tensor, dtype: Any) -> Tensor:
    """The same of sorted rows `[R, K]`, in a static graph; counts are int64."""
    lost = hit.cumsum(axis=1)
    size = lost[:, -1:]
    right = (size - lost).astype(dtype)
    union = size + (1 - hit).cumsum(axis=1)
    grown = right / (union * (union - 1).clip(min=1)).astype(dtype)
    # An absent class has no union before its first wrong pixel, which raises its loss from 0 to 1.
    grown = paddle.where(union > 1, grown, paddle.ones_like(grown))
    return paddle.where(hit > 0, 1 / union.clip(min=1).astype(dtype), grown)
