"""Histograms of the probabilities of each class, by the kernel `native/pixelwise/calibration.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..differentiable import Differentiable
from ..errors import KernelError
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any

MOST = 256  # bins


def calibration_sums(problem: Problem, bins: int, soft: bool, weight: Tensor | None = None) -> Tensor:
    """Sums of u (p - g) and of u in each bin, `[N, C, bins, 2]`: u is the weight of a pixel in the bin.

    Args:
        problem: the gradient flows to its logits.
        bins: how many, of equal width.
        soft: whether a pixel is shared by the two bins whose middles are nearest to p.
        weight: of each pixel, as `NativeProblem` takes it; 1 if None.
    """
    if not 1 <= bins <= MOST:
        raise KernelError(f"{bins} bins.", f"1 to {MOST}", "compose the sums for more")
    return _Sums.apply(problem.scores, NativeProblem(problem, weight), bins, int(soft))


class _Sums(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, native: NativeProblem, bins: int, soft: int) -> Tensor:
        sums = np.empty((*native.cells, bins, 2))
        native.call(function("calibration_forward"), bins, soft, sums.ctypes.data)
        native.save(ctx)
        ctx.options = bins, soft
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        native = NativeProblem.saved(ctx)
        grad, weights = empty_like(native.scores), np.ascontiguousarray(upstream.numpy(), np.float64)
        native.call(function("calibration_backward"), *ctx.options, weights.ctypes.data, grad.data_ptr())
        return grad
