"""How near pixels are to the boundary of their region. It carries no gradient."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..known_spacing import Spacing
from .each_sample import each_sample
from .edt import FAR, boundary_distance

Tensor = Any


def region_proximity(inputs: Inputs, normalize: bool, spacing: Spacing | None) -> Tensor:
    """`boundary_proximity` of the region of its class that each pixel belongs to, `[N, 1 or C, *S]`; 0 where ignored.

    Under a sigmoid the pixels of each channel that are not its class are a region too.
    """
    kernel = find("region_proximity", inputs.for_labels)
    if kernel is not None:  # faster than looking whether precomputed maps belong to these labels
        return each_sample(inputs.for_labels, spacing, lambda problem, steps, _here: kernel(problem, normalize, steps))
    regions = inputs.positive
    phi = boundary_proximity(regions, normalize, spacing, inputs.dtype)
    if inputs.multiclass:
        return phi.sum(axis=1, keepdim=True)
    outside = paddle.logical_and(inputs.valid, paddle.logical_not(regions))
    return phi + boundary_proximity(outside, normalize, spacing, inputs.dtype)


def boundary_proximity(
    regions: Tensor, normalize: bool, spacing: Spacing | None = None, dtype: Any = "float32"
) -> Tensor:
    """Inverted distance to the boundary: largest on it, 0 at the deepest pixel of each region and outside.

    Args:
        regions: bool `[N, C, *S]`.
        normalize: whether the boundary is 1 (a region without depth is all boundary), else distances are kept.
        spacing: size of a pixel along each spatial axis; 1 if None.
        dtype: of the map.
    """
    with paddle.no_grad():
        depth, outside = boundary_distance(regions, spacing, dtype), paddle.logical_not(regions)
        axes = list(range(2, regions.ndim))
        deepest = paddle.masked_fill(depth, outside, 0.0).amax(axis=axes, keepdim=True)
        proximity = deepest - depth
        if normalize:
            edge = paddle.masked_fill(depth, outside, FAR).amin(axis=axes, keepdim=True)
            flat = deepest - edge <= 1e-6 * deepest  # square roots of equal numbers may differ in their last bit
            proximity = paddle.masked_fill(proximity / paddle.masked_fill(deepest - edge, flat, 1.0), flat, 1.0)
        # A region that fills the image has no boundary.
        return paddle.masked_fill(proximity, paddle.logical_or(outside, deepest <= 0), 0.0)
