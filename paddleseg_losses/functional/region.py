"""Scores of overlap. Each is written as the error over the denominator: exactly 0 for a perfect prediction."""

from __future__ import annotations

from typing import Any

from . import numeric
from .statistics import RegionSums, SquaredSums

Tensor = Any


def tversky(sums: RegionSums, alpha: float, beta: float, smooth: float) -> Tensor:
    """1 - (TP + s) / (TP + alpha FP + beta FN + s)."""
    error = alpha * sums.fp + beta * sums.fn
    return numeric.safe_divide(error, sums.tp + error + smooth)


def dice(sums: RegionSums, smooth: float) -> Tensor:
    """1 - (2 TP + s) / (P + G + s)."""
    return tversky(sums, 0.5, 0.5, smooth / 2)


def dice_squared(sums: SquaredSums, smooth: float) -> Tensor:
    """1 - (2 TP + s) / (sum p^2 + sum g^2 + s)."""
    squares = sums.p2 + sums.g2
    return numeric.safe_divide(squares - 2 * sums.pg, squares + smooth)
