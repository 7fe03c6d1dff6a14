"""How much of the centerlines of prediction and truth lies outside the other."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import spatial_sum
from .skeleton import soft_skeleton
from .unread import nan_or_0

Tensor = Any


def centerline_sums(inputs: Inputs, skip: int, iterations: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums `[N, C - skip]` over the pixels of S(p) (1 - g), S(p), S(g) (1 - p) and S(g).

    S is the soft skeleton after a number of erosions: the sums are the errors and the totals of topology precision and
    sensitivity.
    """
    space = inputs.problem.space
    if min(space) >= 0:  # after so many erosions a map is constant
        iterations = min(iterations, sum(space))
    kernel = find("centerline_sums", inputs.of_probabilities)
    if kernel is not None:
        sums = kernel(inputs.scored_by_signed_prob, skip, iterations)[:, skip:]
        precision_error, predicted, sensitivity_error, true = sums.unbind(-1)
        return precision_error, predicted, sensitivity_error, true
    p, g = (inputs.prob * inputs.mask)[:, skip:], inputs.target[:, skip:]
    outside = paddle.where(inputs.positive, -inputs.excess, paddle.ones([], p.dtype))[:, skip:]
    sums = []
    for line, beyond in ((soft_skeleton(p, iterations), 1 - g), (soft_skeleton(g, iterations), outside)):
        sums += [spatial_sum(x) for x in (line * beyond, line)]
    precision_error, predicted, sensitivity_error, true = sums
    return precision_error, predicted + nan_or_0(inputs)[:, skip:], sensitivity_error, true  # skeletons drop a NaN
