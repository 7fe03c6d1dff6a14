"""The two parts of the unified focal family, which treat class 0, the background, in their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import paddle

from .. import numeric
from . import error_sums, region
from .error_sums import COST, OWN, Moment
from .region_sums import REGION, region_sums

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def needed(gamma: float) -> tuple[Moment, ...]:
    """What the two parts read."""
    return (*REGION, Moment(OWN, COST), Moment(OWN, error_sums.focal(gamma)))


def focal_part(inputs: Inputs, delta: float, gamma: float, symmetric: bool) -> Tensor:
    """Cross entropy, weighed delta on the foreground, focal on the background or (symmetric) everywhere."""
    focal = inputs.sum_of(OWN, error_sums.focal(gamma))
    foreground = focal if symmetric else inputs.sum_of(OWN, COST)
    values = (1 - delta) * focal[:, 0].sum() + delta * foreground[:, 1:].sum()
    return numeric.safe_divide(values, inputs.count[:, 0].sum())


def tversky_part(inputs: Inputs, delta: float, gamma: float, smooth: float, symmetric: bool) -> Tensor:
    """Tversky losses, to the power 1 - gamma on the foreground or (symmetric) everywhere."""
    sums = inputs.once(region_sums)
    plain = region.tversky(sums, 1 - delta, delta, smooth)
    curved = numeric.power(plain, 1 - gamma)
    cells = curved if symmetric else paddle.concat([plain[:, :1], curved[:, 1:]], axis=1)
    return paddle.where(sums.count > 0, cells, paddle.zeros_like(cells)).mean()
