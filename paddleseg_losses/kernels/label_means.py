"""Labels mixed with those of their neighbours, by `native/neighbourhood/label_means.cpp`; no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..problem import Problem
from .buffer_pool import empty_like
from .ctypes_args import grid, reals
from .native_problem import NativeProblem, function

Tensor = Any


def label_means(problem: Problem, plain: Sequence[float], scaled: Sequence[float]) -> Tensor:
    """Shares of the classes at each pixel, `[N, C, *S]`, 255 where it does not count.

    Args:
        problem: its scores are not read.
        plain: weights of steps along an axis, where the pixel itself has 1.
        scaled: the same divided by that of one step.
    """
    out = empty_like(problem.scores)
    run = function("label_means")
    NativeProblem(problem).call(run, *grid(problem.space), reals(plain), reals(scaled), len(plain), out.data_ptr())
    return out
