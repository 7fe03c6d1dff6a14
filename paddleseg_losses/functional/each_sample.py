"""Kernels measure with one spacing a call: where the samples of a batch differ in it, each has a call of its own."""

from __future__ import annotations

from typing import Any, Callable

import paddle

from ..known_spacing import Spacing, varies
from ..problem import Problem

Tensor = Any


def each_sample(problem: Problem, spacing: Spacing | None, call: Callable[[Problem, Any, slice], Tensor]) -> Tensor:
    """What `call(problem, spacing, which samples)` gives for the whole batch, joined if it takes several calls."""
    if spacing is None or not varies(spacing):
        return call(problem, spacing, slice(None))
    parts = [call(problem.sample(i), row, slice(i, i + 1)) for i, row in enumerate(spacing)]
    return paddle.concat(parts)
