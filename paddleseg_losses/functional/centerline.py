"""How much of the centre lines of prediction and truth lies outside the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kernels import centerline as kernel
from ..numeric import spatial_sum
from .skeleton import soft_skeleton

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def centre_line_sums(inputs: Inputs, skip: int, iterations: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums `[N]` over the pixels of the channels from `skip` on of S(p) (1 - g), S(p), S(g) (1 - p) and S(g).

    S is the soft skeleton after a number of erosions.
    """
    if inputs.raw is not None:
        sums = kernel.centre_line_sums(*inputs.problem(inputs.prob), skip, iterations).sum(axis=1)
        apart, predicted, missed, true = sums.unbind(-1)
        return apart, predicted, missed, true
    p, g = (inputs.prob * inputs.mask)[:, skip:], inputs.target[:, skip:]
    found = []
    for line, region in ((soft_skeleton(p, iterations), g), (soft_skeleton(g, iterations), p)):
        inside, whole = (spatial_sum(x).sum(axis=1) for x in (line * region, line))
        found += [whole - inside, whole]
    apart, predicted, missed, true = found
    return apart, predicted, missed, true
