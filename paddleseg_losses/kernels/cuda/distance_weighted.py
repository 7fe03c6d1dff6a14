"""Sums of errors weighted by distance maps, by `source/distance_weighted.cu`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Callable

import paddle

from ...differentiable import Differentiable
from ...problem import Problem
from ..native_problem import refuse_second_derivatives
from ..unfilled import unfilled
from .cuda_problem import CudaProblem
from .device import launch
from .edt import Lines, Nearest, lines_of, nearest
from .maps import THREADS, blocks, maps_of, with_floats
from .tiling import add_up

Tensor = Any
Known = tuple[Tensor, Callable[[], None]]

TILE = 4 * THREADS  # pixels of a block; the kernel has the same number


def hausdorff_sums(
    problem: Problem,
    skip: int,
    spacing: Sequence[float] | None,
    alpha: float,
    one_sided: bool,
    known: Known | None = None,
) -> Tensor:
    """The same as the native one. Known maps are taken as used, whether they fit or not: nobody waits to see."""
    return _weighted(problem, skip, lines_of(problem.space, spacing), known, alpha, False, one_sided)


def boundary_sums(problem: Problem, skip: int, spacing: Sequence[float] | None, known: Known | None = None) -> Tensor:
    """The same as the native one; known maps as above."""
    return _weighted(problem, skip, lines_of(problem.space, spacing), known, 1.0, True, True)


def _weighted(
    problem: Problem, skip: int, lines: Lines, known: Known | None, alpha: float, boundary: bool, one_sided: bool
) -> Tensor:
    problem = with_floats(problem)
    p = problem.scores
    wanted = paddle.is_grad_enabled() and not p.stop_gradient  # not known any more inside `forward`
    maps = None
    if known is not None:
        maps = known[0].contiguous()
        known[1]()
    return _WeightedSums.apply(p, problem, skip, lines, maps, (float(alpha), boundary, one_sided), wanted)


class _WeightedSums(Differentiable):
    @staticmethod
    def forward(
        ctx: Any, p: Tensor, problem: Problem, skip: int, lines: Lines, known: Tensor, options: Any, wanted: bool
    ) -> Tensor:
        alpha, boundary, one_sided = options
        here = CudaProblem(problem)
        maps, kept, over_pixels = maps_of(here, skip), here.n * (here.c - skip), blocks(here.s)
        misfit = None
        if known is not None:
            misfit = paddle.zeros([1], "int32")
            launch("known_misfit", kept * over_pixels, THREADS, 0, maps, known, misfit)
        truth = nearest(lines, kept, "edt_steps_of_truth", maps, misfit, misfit=misfit)
        prediction = Nearest() if one_sided else nearest(lines, kept, "edt_steps_of_prediction", maps, here.scores)
        tiles = blocks(here.s, TILE)
        slope = unfilled(p.shape, "float32") if wanted else None
        parts = unfilled([here.n * here.c, tiles], "float32")
        launch(
            "distance_weighted",
            here.n * here.c * tiles,
            THREADS,
            0,
            maps,
            here.scores,
            truth,
            prediction,
            known,
            misfit,
            lines.spacing,
            alpha,
            int(boundary),
            lines.pixel,
            min(lines.spacing.unit**alpha, sys.float_info.max),
            slope,
            parts,
        )
        ctx.slope = slope
        return add_up(parts).reshape([here.n, here.c])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        return gradient.reshape([*gradient.shape, *[1] * (ctx.slope.ndim - 2)]) * ctx.slope
