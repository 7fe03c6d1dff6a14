"""The two parts of the unified focal family, which treat class 0, the background, in their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import paddle

from . import distribution, numeric, region
from .statistics import region_sums

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any


def focal_part(inputs: Inputs, delta: float, gamma: float, symmetric: bool) -> Tensor:
    """Cross entropy, weighed delta on the foreground, focal on the background or (symmetric) everywhere."""
    focal = distribution.focal(inputs.log_true, gamma)
    background = (inputs.labels == 0).astype(focal.dtype)
    foreground = focal if symmetric else -inputs.log_true
    values = (1 - delta) * background * focal + delta * (1 - background) * foreground
    return numeric.safe_divide(numeric.grand_total(values * inputs.mask), numeric.grand_total(inputs.mask))


def tversky_part(inputs: Inputs, delta: float, gamma: float, smooth: float, symmetric: bool) -> Tensor:
    """Tversky losses, to the power 1 - gamma on the foreground or (symmetric) everywhere."""
    sums = inputs.once(region_sums)
    plain = region.tversky(sums, 1 - delta, delta, smooth)
    curved = numeric.power(plain, 1 - gamma)
    cells = curved if symmetric else paddle.concat([plain[:, :1], curved[:, 1:]], axis=1)
    return paddle.where(sums.count > 0, cells, paddle.zeros_like(cells)).mean()
