"""The two parts of the unified focal family, which treat class 0, the background, in their own way."""

from __future__ import annotations

from typing import Any

import paddle

from .. import numeric
from ..inputs import Inputs
from . import error_sums, region
from .error_sums import NLL, POSITIVE, SumSpec, pixel_count, sum_of
from .region_sums import REGION

Tensor = Any


def focal_needs(gamma: float) -> tuple[SumSpec, ...]:
    """The sums that the focal part reads."""
    return SumSpec(POSITIVE, NLL), SumSpec(POSITIVE, error_sums.focal(gamma))


def focal_part(inputs: Inputs, delta: float, gamma: float, symmetric: bool) -> Tensor:
    """Cross entropy, weighted delta on the foreground, focal on the background or (symmetric) everywhere."""
    focal = sum_of(inputs, POSITIVE, error_sums.focal(gamma))
    foreground = focal if symmetric else sum_of(inputs, POSITIVE, NLL)
    values = (1 - delta) * focal[:, 0].sum() + delta * foreground[:, 1:].sum()
    return numeric.safe_divide(values, pixel_count(inputs)[:, 0].sum())


def tversky_part(inputs: Inputs, delta: float, gamma: float, smooth: float, symmetric: bool) -> Tensor:
    """Tversky losses, to the power 1 - gamma on the foreground or (symmetric) everywhere."""
    sums = REGION.of(inputs)
    plain = region.tversky(sums, 1 - delta, delta, smooth)
    curved = numeric.power(plain, 1 - gamma)
    cells = curved if symmetric else paddle.concat([plain[:, :1], curved[:, 1:]], axis=1)
    return paddle.where(pixel_count(inputs) > 0, cells, paddle.zeros_like(cells)).mean()
