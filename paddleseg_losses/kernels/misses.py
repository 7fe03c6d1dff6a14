"""How many pixels of each label are taken for another one, by `native/pixelwise/misses.cpp`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..problem import Problem
from .native_problem import NativeProblem, function


def label_misses(problem: Problem) -> Any:
    """Missed pixels of each channel in the batch, array `[2, C]`: of its own, and with sigmoids of the others."""
    missed = np.zeros((2, problem.channels), np.int64)
    NativeProblem(problem).call(function("label_misses"), missed.ctypes.data)
    return missed
