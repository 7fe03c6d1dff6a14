"""Unified focal losses: both parts with shared numbers."""

from __future__ import annotations

from typing import ClassVar

from ...functional.error_sums import SumSpec
from ...functional.region_sums import REGION
from ...functional.unified_focal import focal_needs, focal_part, tversky_part
from ...inputs import Inputs, Tensor
from ...options import number
from ..families import CompoundLoss

SMOOTH = 1e-7  # of the Tversky part, as in the authors' code


class UnifiedFocalLoss(CompoundLoss):
    """Both parts; the final classes say on which classes the powers act."""

    symmetric: ClassVar[bool]

    weight: float = number(default=0.5, low=0.0, high=1.0, help="share of the focal part")
    delta: float = number(default=0.6, low=0.0, high=1.0, help="weight of the foreground, and of false negatives")
    gamma: float = number(
        default=0.5,
        low=0.0,
        high=1.0,
        help="exponent of the focal part; 1 - gamma of the Tversky part",
    )

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """What the parts read."""
        return (*REGION.needs, *focal_needs(self.gamma))

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Focal and Tversky."""
        return {
            "focal": (self.weight, focal_part(inputs, self.delta, self.gamma, symmetric=self.symmetric)),
            "tversky": (
                1 - self.weight,
                tversky_part(inputs, self.delta, self.gamma, SMOOTH, symmetric=self.symmetric),
            ),
        }
