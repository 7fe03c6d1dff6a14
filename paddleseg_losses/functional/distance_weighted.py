"""Errors and probabilities, weighted by distances to boundaries."""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F

from .. import precomputed_maps
from ..differentiable import Differentiable
from ..inputs import Inputs
from ..known_spacing import Spacing, varies
from ..numeric import from_host, power, put, spatial_sum, taken
from ..problem import Problem
from .each_sample import each_sample
from .edt import boundary_distance, computed_distance
from .map_sums import composed_sums, map_kernel

Tensor = Any


def hausdorff_sums(inputs: Inputs, skip: int, spacing: Spacing | None, alpha: float, one_sided: bool) -> Tensor:
    """Sums of (p - g)^2 (d_g^alpha + d_p^alpha), the second term unless `one_sided`, `[N, C - skip]`."""
    kernel = map_kernel("hausdorff_sums", inputs)
    if kernel is None:

        def weighted(g: Tensor, excess: Tensor) -> Tensor:
            return excess**2 * _hausdorff((g + excess).detach(), g, spacing, alpha, one_sided)

        return composed_sums(inputs, skip, weighted)
    known = precomputed_maps.candidate(inputs.signed_prob, skip, spacing)

    def call(problem: Problem, steps: Any, here: slice) -> Tensor:
        return kernel(problem, skip, steps, alpha, one_sided, _part(known, here))

    return each_sample(inputs.scored_by_signed_prob, spacing, call)[:, skip:]


def _hausdorff(p: Tensor, g: Tensor, spacing: Spacing | None, alpha: float, one_sided: bool) -> Tensor:
    field = power(boundary_distance(g > 0.5, spacing, p.dtype), alpha)
    if not one_sided:
        field = field + power(boundary_distance(p > 0.5, spacing, p.dtype), alpha)
    return field


def boundary_sums(inputs: Inputs, skip: int, spacing: Spacing | None) -> Tensor:
    """Sums of p phi, phi the signed distance to the boundary of g, `[N, C - skip]`.

    Outside the region it is the distance to it, inside minus (the distance to its outside - 1 pixel).
    """
    kernel = map_kernel("boundary_sums", inputs)
    if kernel is None:
        return _composed_boundary(inputs, skip, spacing)
    known = precomputed_maps.candidate(inputs.signed_prob, skip, spacing)

    def call(problem: Problem, steps: Any, here: slice) -> Tensor:
        return kernel(problem, skip, steps, _part(known, here))

    return each_sample(inputs.scored_by_signed_prob, spacing, call)[:, skip:]


def _composed_boundary(inputs: Inputs, skip: int, spacing: Spacing | None) -> Tensor:
    """The same by Paddle's operators; known maps of all channels are read whole, and the first left out at the end."""
    with paddle.no_grad():
        first, signed = _signed_distance(inputs, skip, spacing)
        depth = inputs.weighed(_depth(inputs, first, signed, spacing))
    p = inputs.prob[:, first:] if first else inputs.prob
    sums = _WeightedSum.apply(p, depth) if paddle.in_dynamic_mode() else spatial_sum(p * depth)
    return -sums[:, skip - first :]


class _WeightedSum(Differentiable):
    """Sums of x times weights that carry no gradient, which are all that is kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(weight)
        return spatial_sum(x * weight)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (weight,) = ctx.saved_tensor()
        return weight * upstream.reshape([*upstream.shape, *[1] * (weight.ndim - 2)])


def _signed_distance(inputs: Inputs, skip: int, spacing: Spacing | None) -> tuple[int, Tensor]:
    """The first channel of the second result: the distance to the boundary, negative outside, known or computed.

    Cutting channels out of what is known would copy them, and those of the probabilities.
    """
    for first in dict.fromkeys((0, skip)):
        signed = precomputed_maps.find_signed(inputs.positive[:, first:], spacing, inputs.dtype)
        if signed is not None:
            return first, signed
    inside = inputs.positive[:, skip:]
    distance = computed_distance(inside, spacing, inputs.dtype)
    return skip, paddle.where(inside, distance, -distance)


def _depth(inputs: Inputs, first: int, signed: Tensor, spacing: Spacing | None) -> Tensor:
    """How deep a pixel is in its region: minus phi, of the channels from `first` on.

    It is 0 where ignored and where there is no boundary: known distances are infinite in all of such a channel.
    """
    ignored = paddle.logical_not(inputs.valid if inputs.multiclass else inputs.valid[:, first:])
    first_pixels = (slice(None), slice(None), *[slice(1)] * inputs.axes)
    nowhere = paddle.isinf(signed[first_pixels])
    depth = paddle.masked_fill(signed, paddle.logical_or(nowhere, ignored), 0.0)
    smallest, zero = _smallest(spacing, depth), paddle.zeros([], depth.dtype)
    if not inputs.of_one_label:
        return depth - paddle.minimum(F.relu(depth), smallest)
    own = (inputs.index - first).clip(min=0) if first else inputs.index
    # A pixel lies in the region of its label alone.
    put(depth, own, paddle.where(taken(depth, own) > zero, -smallest, zero), "add")
    return depth


def _smallest(spacing: Spacing | None, p: Tensor) -> Tensor:
    """The shortest side of a pixel; of those of each sample, if they differ. Paddle 2.6 rounds numbers of Python."""
    if spacing is None or not varies(spacing):
        return paddle.full([], min(spacing or (1.0,)), p.dtype)
    return from_host([min(row) for row in spacing], p.dtype).reshape([-1] + [1] * (p.ndim - 1))


def _part(known: Any, here: slice) -> Any:
    """Known maps of some samples of the batch."""
    return None if known is None else (known[0][here], known[1])
