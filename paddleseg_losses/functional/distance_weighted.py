"""Errors and probabilities, weighted by distances to boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

from .. import precomputed_maps
from ..inputs import Inputs
from ..kernels import find
from ..numeric import power
from .edt import boundary_distance
from .map_sums import composed_sums

Tensor = Any


def hausdorff_sums(inputs: Inputs, skip: int, spacing: Sequence[float] | None, alpha: float, one_sided: bool) -> Tensor:
    """Sums of (p - g)^2 (d_g^alpha + d_p^alpha), the second term unless `one_sided`, `[N, C - skip]`."""
    kernel = find("hausdorff_sums", inputs.of_probabilities)
    if kernel is None:
        return composed_sums(inputs, skip, lambda p, g, excess: excess**2 * _hausdorff(p, g, spacing, alpha, one_sided))
    known = precomputed_maps.candidate(inputs.problem.scores, skip, spacing)
    return kernel(inputs.scored_by_signed_prob, skip, spacing, alpha, one_sided, known)[:, skip:]


def _hausdorff(p: Tensor, g: Tensor, spacing: Sequence[float] | None, alpha: float, one_sided: bool) -> Tensor:
    field = power(boundary_distance(g > 0.5, spacing, p.dtype), alpha)
    if not one_sided:
        field = field + power(boundary_distance(p > 0.5, spacing, p.dtype), alpha)
    return field


def boundary_sums(inputs: Inputs, skip: int, spacing: Sequence[float] | None) -> Tensor:
    """Sums of p phi, phi the signed distance to the boundary of g, `[N, C - skip]`.

    Outside the region it is the distance to it, inside minus (the distance to its outside - 1 pixel).
    """
    kernel = find("boundary_sums", inputs.of_probabilities)
    if kernel is None:
        return composed_sums(inputs, skip, lambda p, g, excess: _boundary(p, g, spacing))
    known = precomputed_maps.candidate(inputs.problem.scores, skip, spacing)
    return kernel(inputs.scored_by_signed_prob, skip, spacing, known)[:, skip:]


def _boundary(p: Tensor, g: Tensor, spacing: Sequence[float] | None) -> Tensor:
    inside = g > 0.5
    distance = boundary_distance(inside, spacing, p.dtype)
    signed = paddle.where(inside, min(spacing or (1.0,)) - distance, distance)
    return p * paddle.where(distance > 0, signed, paddle.zeros_like(signed))
