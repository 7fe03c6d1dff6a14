"""Boundaries that move towards the true ones, by the kernel `native/neighbourhood/active_boundary.cpp`."""

from __future__ import annotations

from typing import Any

import paddle

from ..problem import Problem
from .ctypes_args import grid
from .native_problem import NativeProblem, function
from .one_pass import one_pass

Tensor = Any


def active_boundary_mean(problem: Problem, ratio: float, max_distance: float, smoothing: float) -> Tensor:
    """Mean over the predicted boundary of the cross entropies that pull it, 0-D.

    Args:
        problem: each channel under a sigmoid is a problem of two classes.
        ratio: share of the pixels of an image that its boundary starts from.
        max_distance: from the true boundary, in pixels, from which pixels count fully.
        smoothing: share of the target that is spread over all neighbours.
    """
    options = (*grid(problem.space, numbered=True), ratio, max_distance, smoothing)

    def call(native: NativeProblem, total: Any, gradient: Any) -> None:
        native.call(function("active_boundary_forward"), *options, total, gradient)

    return one_pass(problem, None, paddle.is_grad_enabled(), call)
