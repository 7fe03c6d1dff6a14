"""Errors and probabilities, priced by distances to boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import paddle

from .. import precomputed_maps
from ..kernels import distance_weighted as kernel
from ..numeric import power
from .edt import boundary_distance

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def hausdorff(p: Tensor, g: Tensor, spacing: Sequence[float] | None, alpha: float, one_sided: bool) -> Tensor:
    """(p - g)^2 (d_g^alpha + d_p^alpha), the second term unless `one_sided`."""
    field = power(boundary_distance(g > 0.5, spacing, p.dtype), alpha)
    if not one_sided:
        field = field + power(boundary_distance(p > 0.5, spacing, p.dtype), alpha)
    return (p - g) ** 2 * field


def hausdorff_sums(inputs: Inputs, skip: int, spacing: Sequence[float] | None, alpha: float, one_sided: bool) -> Tensor:
    """The sums of `hausdorff` over the pixels of each cell from channel `skip` on, by the kernel."""
    known = precomputed_maps.candidate(inputs.source.logits, skip, spacing)
    problem = inputs.problem(inputs.prob)
    return kernel.hausdorff_sums(*problem, skip, spacing, alpha, one_sided, known)[:, skip:]


def boundary(p: Tensor, g: Tensor, spacing: Sequence[float] | None) -> Tensor:
    """P phi, phi the signed distance to the boundary of g.

    Outside the region it is the distance to it, inside minus (the distance to its outside - 1 pixel).
    """
    inside = g > 0.5
    distance = boundary_distance(inside, spacing, p.dtype)
    signed = paddle.where(inside, min(spacing or (1.0,)) - distance, distance)
    return p * paddle.where(distance > 0, signed, paddle.zeros_like(signed))


def boundary_sums(inputs: Inputs, skip: int, spacing: Sequence[float] | None) -> Tensor:
    """The sums of `boundary` over the pixels of each cell from channel `skip` on, by the kernel."""
    known = precomputed_maps.candidate(inputs.source.logits, skip, spacing)
    return kernel.boundary_sums(*inputs.problem(inputs.prob), skip, spacing, known)[:, skip:]
