"""Overlaps of skeletons with regions that are weighted by their radii (Shi et al. 2024)."""

from __future__ import annotations

from typing import Any, NamedTuple

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import power, spatial_sum
from .edt import boundary_distance
from .skeleton import soft_skeleton
from .unread import nan_or_0

Tensor = Any


class _Maps(NamedTuple):
    """Of binary regions `[N, C, *S]`, all between 0 and 1 and 0 outside."""

    depth: Tensor  # distance to the outside over the largest radius, at most 1
    radius: Tensor  # on the skeleton the same, else 0
    weight: Tensor  # on the skeleton large where the radius is small, else 0


def radius_sums(inputs: Inputs, skip: int, iterations: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Sums `[N, C - skip]` over the pixels: I_p V_g, I_p W_p, I_g V_p and I_g W_g; and 0, or NaN where p holds one.

    I are the weights of the skeletons of prediction and truth, V their depths; W_p and W_g are the radii of both, where
    both have one that of the truth and of the prediction. The prediction's maps are those of p > 1/2 times p.
    """
    space = inputs.problem.space
    if min(space) >= 0:  # after so many erosions nothing is left, but of a region that fills the image
        iterations = min(iterations, sum(space))
    kernel = find("radius_sums", inputs.of_probabilities)
    if kernel is not None and not _overlap(inputs):
        sums = kernel(inputs.scored_by_signed_prob, skip, iterations)[:, skip:]
        precise, predicted, sensitive, true = sums.unbind(-1)  # NaN, all of them, where p is
        return precise, predicted, sensitive, true, (true - true).detach()
    p = (inputs.prob * inputs.mask)[:, skip:]
    with paddle.no_grad():
        truth = _maps(inputs.target[:, skip:] > 0.5, iterations, p.dtype)
        guess = _maps(p > 0.5, iterations, p.dtype)
    weight, depth, radius = guess.weight * p, guess.depth * p, guess.radius * p
    both = (
        weight * truth.depth,
        weight * paddle.where(truth.radius > 0, truth.radius, radius),
        truth.weight * depth,
        truth.weight * paddle.where(guess.radius > 0, radius, truth.radius),
    )
    precise, predicted, sensitive, true = map(spatial_sum, both)
    return precise, predicted, sensitive, true, nan_or_0(inputs)[:, skip:]  # only skeletons are read


def _overlap(inputs: Inputs) -> bool:
    """Whether two shares of a pixel exceed 1/2, as given ones that miss their sum of 1 can: a kernel sees one map."""
    if inputs.problem.from_logits or not inputs.multiclass:
        return False
    return bool(((inputs.prob > 0.5).astype("int32").sum(axis=1) > 1).any())


def _maps(regions: Tensor, iterations: int, dtype: Any) -> _Maps:
    inside, distance = regions.astype(dtype), boundary_distance(regions, None, dtype)
    distance = paddle.where(distance > 0, distance, paddle.ones_like(distance)) * inside  # 1 if it fills the image
    skeleton = soft_skeleton(inside, iterations)
    radius = distance * skeleton
    largest = radius.amax(axis=list(range(2, radius.ndim)), keepdim=True).clip(min=1.0)
    thinness = power((largest - radius + 1) / largest, max(regions.ndim - 3, 1))
    return _Maps(paddle.minimum(distance, largest) / largest, radius / largest, skeleton * thinness)
