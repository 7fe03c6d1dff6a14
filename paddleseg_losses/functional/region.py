"""Scores of overlap. Each is written as the error over the denominator: exactly 0 for a perfect prediction."""

from __future__ import annotations

from typing import Any

import paddle

from .. import numeric
from .region_sums import ConfusionSums, RegionSums, SquaredSums

Tensor = Any


def tversky(sums: RegionSums, alpha: float, beta: float, smooth: float) -> Tensor:
    """1 - (TP + s) / (TP + alpha FP + beta FN + s)."""
    error = alpha * sums.fp + beta * sums.fn
    return numeric.smooth_divide(error, sums.tp + error, smooth)


def dice(sums: RegionSums, smooth: float) -> Tensor:
    """1 - (2 TP + s) / (P + G + s)."""
    error = sums.fp + sums.fn
    return numeric.ratio(error, paddle.scale(sums.tp, 2.0, smooth) + error, smooth)


def minus_log_dice(sums: RegionSums, smooth: float) -> Tensor:
    """-ln((2 TP + s) / (P + G + s)), finite where the ratio itself would round to 0."""
    return paddle.log1p((sums.fp + sums.fn) / (2 * sums.tp + smooth))


def dice_squared(sums: SquaredSums, smooth: float) -> Tensor:
    """1 - (2 sum p g + s) / (sum p^2 + sum g^2 + s)."""
    return numeric.smooth_divide(sums.error2, sums.p2 + sums.g2, smooth)


def generalized_dice(sums: RegionSums, w_type: str, smooth: float, factor: Tensor | None = None) -> Tensor:
    """1 - (2 sum_c w_c TP_c + s) / (sum_c w_c (P_c + G_c) + s), `[N]` (0-D for a pooled batch).

    w_c is (G_min / G_c)^k, so that the largest is 1: s then means the same for an image of any size. Then each is
    multiplied by the factor of its class, `[C]`.
    """
    size = sums.g.detach()
    absent = size <= 0
    smallest = paddle.where(absent, paddle.full_like(size, 1e30), size).amin(axis=-1, keepdim=True)
    weight = smallest / paddle.where(absent, smallest, size)
    weight = {"square": lambda: weight * weight, "simple": lambda: weight, "uniform": lambda: weight**0}[w_type]()
    weight = weight if factor is None else weight * factor
    error = sums.fp + sums.fn
    both = 2 * sums.tp + error
    return numeric.smooth_divide((weight * error).sum(axis=-1), (weight * both).sum(axis=-1), smooth)


def matthews(sums: ConfusionSums, eps: float) -> Tensor:
    """1 - (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN) + eps), with shares instead of counts."""
    count = paddle.where(sums.count > 0, sums.count, paddle.ones_like(sums.count))
    tp, fp, fn, tn = sums.tp / count, sums.fp / count, sums.fn / count, sums.tn / count
    floor = (eps / count**4).clip(min=1e-36)  # float32 holds no smaller number exactly
    # With N = |TP TN - FP FN| and D the root, 1 - N / D is (D^2 - N^2) / (D (D + N)), whose numerator is a sum.
    agree, oppose = tp * tn, fp * fn
    lesser, size = paddle.minimum(agree, oppose), (agree - oppose).abs()
    a, b = tp * fn + fp * tn + 2 * lesser, tp * fp + fn * tn + 2 * lesser
    root = paddle.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn) + floor)
    gap = (size * (a + b) + a * b + floor) / (root * (root + size))
    return paddle.where(agree >= oppose, gap, 2 - gap)


def harmonic_error(a: Tensor, b: Tensor) -> Tensor:
    """1 - 2 P S / (P + S) of two shares P = 1 - a and S = 1 - b, without what would cancel; 1 if both are 0."""
    p, s = 1 - a, 1 - b  # exact where they are small, which 2 - a - b is not
    total = p + s
    nothing = total <= 0  # below 0 by rounding
    ones = paddle.ones_like(total)
    return paddle.where(nothing, ones, (a * s + b * p) / paddle.where(nothing, ones, total))
