"""Errors and probabilities, weighted by distances to boundaries."""

from __future__ import annotations

from typing import Any

import paddle

from .. import precomputed_maps
from ..inputs import Inputs
from ..known_spacing import Spacing, varies
from ..numeric import constant, power, spatial_sum
from ..problem import Problem
from .each_sample import each_sample
from .edt import boundary_distance
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
        return spatial_sum(inputs.weighed(inputs.prob[:, skip:] * _outwards(inputs, skip, spacing)))
    known = precomputed_maps.candidate(inputs.signed_prob, skip, spacing)

    def call(problem: Problem, steps: Any, here: slice) -> Tensor:
        return kernel(problem, skip, steps, _part(known, here))

    return each_sample(inputs.scored_by_signed_prob, spacing, call)[:, skip:]


def _outwards(inputs: Inputs, skip: int, spacing: Spacing | None) -> Tensor:
    """Phi, 0 where ignored. It carries no gradient."""
    with paddle.no_grad():
        inside, zero = inputs.positive[:, skip:], paddle.zeros([], inputs.dtype)
        distance = boundary_distance(inside, spacing, inputs.dtype)
        signed = paddle.where(inside, _smallest(spacing, distance) - distance, distance)
        valid = inputs.valid if inputs.multiclass else inputs.valid[:, skip:]
        left_out = paddle.logical_or(distance <= zero, paddle.logical_not(valid))  # or without a boundary
        return paddle.masked_fill(signed, left_out, 0.0)


def _smallest(spacing: Spacing | None, p: Tensor) -> Any:
    """The shortest side of a pixel; of those of each sample, if they differ."""
    if spacing is None or not varies(spacing):
        return min(spacing or (1.0,))
    return constant([min(row) for row in spacing], p.dtype).reshape([-1] + [1] * (p.ndim - 1))


def _part(known: Any, here: slice) -> Any:
    """Known maps of some samples of the batch."""
    return None if known is None else (known[0][here], known[1])
