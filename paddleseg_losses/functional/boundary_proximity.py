"""How near pixels are to the rim of their region. It carries no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import paddle

from ..kernels import boundary_proximity as kernel
from .edt import FAR, boundary_distance

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def region_closeness(inputs: Inputs, normalize: bool, spacing: Sequence[float] | None) -> Tensor:
    """`boundary_closeness` of the region of its class that each pixel belongs to, `[N, 1 or C, *S]`; 0 where ignored.

    Under a sigmoid the pixels of each channel that are not its class are a region too.
    """
    if inputs.raw is not None:  # faster than looking whether known maps belong to these labels
        return kernel.region_closeness(*inputs.problem(), spacing, normalize)
    regions, dtype = inputs.target > 0.5, inputs.source.logits.dtype
    phi = boundary_closeness(regions, normalize, spacing, dtype)
    if inputs.multiclass:
        return phi.sum(axis=1, keepdim=True)
    rest = paddle.logical_and(inputs.valid, paddle.logical_not(regions))
    return phi + boundary_closeness(rest, normalize, spacing, dtype)


def boundary_closeness(
    regions: Tensor, normalize: bool, spacing: Sequence[float] | None = None, dtype: Any = "float32"
) -> Tensor:
    """Depth in each region turned round, largest on its rim and 0 at its deepest pixel; 0 outside the region.

    Args:
        regions: bool `[N, C, *S]`.
        normalize: whether the rim is 1 (a region without depth is all rim), else distances are kept.
        spacing: size of a pixel along each spatial axis; 1 if None.
        dtype: of the map.
    """
    with paddle.no_grad():
        depth = boundary_distance(regions, spacing, dtype)
        axes = list(range(2, regions.ndim))
        deepest = paddle.where(regions, depth, paddle.zeros_like(depth)).max(axis=axes, keepdim=True)
        closeness = deepest - depth
        if normalize:
            rim = paddle.where(regions, depth, paddle.full_like(depth, FAR)).min(axis=axes, keepdim=True)
            flat = deepest - rim <= 1e-6 * deepest  # square roots of equal numbers may differ in their last bit
            scaled = closeness / paddle.where(flat, paddle.ones_like(rim), deepest - rim)
            closeness = paddle.where(flat, paddle.ones_like(scaled), scaled)
        inside = paddle.logical_and(regions, deepest > 0)  # a region that fills the image has no boundary
        return paddle.where(inside, closeness, paddle.zeros_like(closeness))
