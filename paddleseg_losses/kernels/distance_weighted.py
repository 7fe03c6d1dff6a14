"""Sums of errors priced by distance maps, by the kernel `native/distance_weighted.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
import paddle

from .buffer_pool import empty_like
from .ctypes_args import address, grid, reals
from .edt import checked_spacing
from .map_sums import map_sums
from .problem import Problem, function

Tensor = Any
Known = tuple[Tensor, Callable[[], None]]


def hausdorff_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    spacing: Sequence[float] | None,
    alpha: float,
    one_sided: bool,
    known: Known | None = None,
) -> Tensor:
    """Sums `[N, C]` of (p - g)^2 (d_g^alpha + d_p^alpha) over the valid pixels.

    Args:
        p: probabilities, float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        first: channels before it are left out, their sums are 0.
        spacing: size of a pixel along each axis; 1 if None.
        alpha: exponent of the distances.
        one_sided: whether the map of the truth alone counts.
        known: signed distances of the truth, float32 `[N, C - first, *S]`, which are used if they fit the labels,
            and what to call then.
    """
    return _priced((p, labels, sigmoid, ignore_index), first, spacing, known, alpha, one_sided=one_sided)


def boundary_sums(
    p: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    first: int,
    spacing: Sequence[float] | None,
    known: Known | None = None,
) -> Tensor:
    """Sums `[N, C]` of p times the signed distance to the true region; the arguments of `hausdorff_sums`."""
    return _priced((p, labels, sigmoid, ignore_index), first, spacing, known, boundary=True)


def _priced(
    task: tuple[Tensor, Tensor, bool, int],
    first: int,
    spacing: Sequence[float] | None,
    known: Known | None,
    alpha: float = 1.0,
    boundary: bool = False,
    one_sided: bool = True,
) -> Tensor:
    space = task[0].shape[2:]
    image, steps = grid(space), checked_spacing(spacing, space)
    price = (float(alpha), min(steps or (1.0,)), int(boundary), int(one_sided), first)

    def fill(problem: Problem, sums: int, slope: Any) -> None:
        spare = empty_like(problem.logits) if slope is None else None  # the kernel always writes it
        found = (sums, slope if spare is None else spare.data_ptr())
        native, fits = function("distance_weighted_forward"), np.zeros(1, np.int32)

        def run(place: Any) -> None:
            problem.call(native, *image, reals(steps), *price, place, fits.ctypes.data, *found)

        if known is not None:
            maps, shape = known[0].contiguous(), [problem.cells[0], problem.cells[1] - first, *space]
            run(address(maps, "known maps", shape, paddle.float32))
        if fits[0] and known is not None:
            known[1]()
        else:
            run(None)

    return map_sums(*task, fill)
