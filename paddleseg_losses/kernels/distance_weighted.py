"""Sums of errors weighted by distance maps, by the kernel `native/distance/distance_weighted.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
import paddle

from ..problem import Problem
from .buffer_pool import empty_like
from .ctypes_args import address, grid, reals
from .edt import checked_spacing
from .map_sums import map_sums
from .native_problem import NativeProblem, function

Tensor = Any
Known = tuple[Tensor, Callable[[], None]]


def hausdorff_sums(
    problem: Problem,
    skip: int,
    spacing: Sequence[float] | None,
    alpha: float,
    one_sided: bool,
    known: Known | None = None,
) -> Tensor:
    """Sums `[N, C]` of (p - g)^2 (d_g^alpha + d_p^alpha) over the valid pixels.

    Args:
        problem: scored by signed probabilities, to which the gradient flows.
        skip: channels before it are left out, their sums are 0.
        spacing: size of a pixel along each axis; 1 if None.
        alpha: exponent of the distances.
        one_sided: whether the map of the truth alone counts.
        known: signed distances of the truth, float32 `[N, C - skip, *S]`, which are used if they fit the labels,
            and what to call then.
    """
    return _weighted(problem, skip, spacing, known, alpha, one_sided=one_sided)


def boundary_sums(problem: Problem, skip: int, spacing: Sequence[float] | None, known: Known | None = None) -> Tensor:
    """Sums `[N, C]` of p times the signed distance to the true region; the arguments of `hausdorff_sums`."""
    return _weighted(problem, skip, spacing, known, boundary=True)


def _weighted(
    problem: Problem,
    skip: int,
    spacing: Sequence[float] | None,
    known: Known | None,
    alpha: float = 1.0,
    boundary: bool = False,
    one_sided: bool = True,
) -> Tensor:
    space = problem.space
    image, steps = grid(space), checked_spacing(spacing, space)
    options = (float(alpha), min(steps or (1.0,)), int(boundary), int(one_sided), skip)

    def run(native: NativeProblem, sums: int, slope: Any) -> None:
        spare = empty_like(native.scores) if slope is None else None  # the kernel always writes it
        out = (sums, slope if spare is None else spare.data_ptr())
        forward, fits = function("distance_weighted_forward"), np.zeros(1, np.int32)

        def call(maps: Any) -> None:
            native.call(forward, *image, reals(steps), *options, maps, fits.ctypes.data, *out)

        if known is not None:
            maps, shape = known[0].contiguous(), [native.cells[0], native.cells[1] - skip, *space]
            call(address(maps, "known maps", shape, paddle.float32))
        if fits[0] and known is not None:
            known[1]()
        else:
            call(None)

    return map_sums(problem, run)
