"""How near each pixel is to the boundary of its region, by `source/boundary_proximity.cu`; no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

from ...problem import Problem
from ..unfilled import unfilled
from .cuda_problem import CudaProblem
from .device import launch
from .edt import lines_of
from .maps import THREADS, blocks, maps_of

Tensor = Any


def region_proximity(problem: Problem, normalize: bool, spacing: Sequence[float] | None) -> Tensor:
    """The same as the native one."""
    here, lines = CudaProblem(problem), lines_of(problem.space, spacing)
    maps, grid = maps_of(here), here.planes * blocks(here.s)
    first, middle, last = lines.sizes
    steps = unfilled([here.planes, here.s], "int16")
    launch("depth_steps", here.planes * blocks(middle * last), THREADS, 0, maps, steps, first, middle * last)
    before = None
    if middle > 1:
        before = unfilled([here.planes, here.s], "float32")
        launch("depth_middle", grid, THREADS, 0, maps, steps, lines.spacing, before, *lines.sizes)
    out = unfilled(here.labels.shape, "float32")
    regions = [here.planes, problem.classes]
    deepest, shallowest = paddle.zeros(regions, "int32"), paddle.full(regions, 2**31 - 1, "int32")
    launch(
        "depth_last",
        grid,
        THREADS,
        0,
        maps,
        steps,
        before,
        lines.spacing,
        out,
        deepest,
        shallowest,
        lines.size,
        lines.width,
    )
    launch("depth_invert", grid, THREADS, 0, maps, deepest, shallowest, lines.spacing.unit, int(normalize), out)
    return out
