"""Sums of functions of the error over the pixels of each class, by `source/error_sums.cu` and `source/kept_sums.cu`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import paddle

from ...differentiable import Differentiable
from ...problem import Problem
from ..native_problem import refuse_second_derivatives
from ..unfilled import unfilled
from .cuda_problem import MOST_CLASSES, CudaProblem
from .device import launch
from .launcher import MOST_SHARED
from .sum_specs import ERROR, MOST, POSITIVE, Spec, SumSpecs
from .tiling import BLOCK, WARP, add_up, tile_of

Tensor = Any

GROUP = 4  # classes whose exponentials are read together: there is room for a multiple of it
# What made gradients fastest on an H200: so many pixels for a block, and so many times the shared memory that it needs.
# That keeps down how many blocks run at a time: together they would read and write in too many places.
TILE, SPARE = 512, 2.25


def error_sums(problem: Problem, specs: Sequence[Spec], weight: Tensor | None = None) -> Tensor:
    """Table `[N, C, specs]` of sums over the pixels of each sample and class, through which gradients flow.

    Args:
        problem: scored by logits.
        specs: which pixels, and which function of their error; the number of pixels is a sum like others.
        weight: of each pixel, `[N, 1, *S]`; it weighs all sums, the number of pixels too.
    """
    return _Sums.apply(problem.scores, problem, weight, tuple(specs))


class _Sums(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, weight: Tensor | None, specs: tuple[Spec, ...]) -> Tensor:
        here = CudaProblem(problem, weight)
        here.save(ctx)
        ctx.specs = specs
        tables = [_sums(here, some) for some in _groups(here, specs)]
        return tables[0] if len(tables) == 1 else paddle.concat(tables, axis=-1)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        return gradient(CudaProblem.saved(ctx), ctx.specs, upstream)


def gradient(here: CudaProblem, specs: Sequence[Spec], upstream: Tensor) -> Tensor:
    """That of the sums' total with weights `[N, C, specs]`, in the type of the logits."""
    refuse_second_derivatives()
    parts, first = [], 0
    for some in _groups(here, specs):
        weights = upstream if len(some) == len(specs) else upstream[..., first : first + len(some)]
        parts.append(_gradient(here, some, weights.contiguous()))
        first += len(some)
    return parts[0] if len(parts) == 1 else sum(x.astype("float32") for x in parts).astype(parts[0].dtype)


def _groups(here: CudaProblem, specs: Sequence[Spec]) -> Iterator[Sequence[Spec]]:
    """As many at a time as a launch makes: mostly all."""
    most = min(MOST, MOST_CLASSES // here.c) if here.multiclass else MOST
    return (specs[first : first + most] for first in range(0, len(specs), most))


def _sums(here: CudaProblem, specs: Sequence[Spec]) -> Tensor:
    listed, pixels = SumSpecs.of_list(specs), here.pixels(tile_of(here.planes, here.s))
    name, block, shared = here.activation, BLOCK, 4 * listed.count * BLOCK * listed.curved
    if here.multiclass:
        table, negatives = here.c * listed.count, listed.count - listed.positives
        of_warp = 4 * here.c + table + (1 + negatives) * _in_groups(here.c) * WARP
        # Without negatives logits are read once at any rate.
        of_logits = listed.logits and _is_kept(here, specs)
        kept = next(_fitting(of_warp, least=WARP if negatives else BLOCK), None) if of_logits else None
        name, (block, shared) = ("kept", kept) if kept else (name, next(_fitting(table)))
    parts = unfilled([here.planes, pixels.tiles, here.c * listed.count if here.multiclass else listed.count])
    launch(f"{name}_sums_{here.scalar}", here.planes * pixels.tiles, block, shared, here.scores, pixels, parts, listed)
    return add_up(parts).reshape([here.n, here.c, listed.count])


def _gradient(here: CudaProblem, specs: Sequence[Spec], upstream: Tensor) -> Tensor:
    listed, pixels = SumSpecs.of_list(specs), here.pixels(tile_of(here.planes, here.s, TILE))
    name, block, shared, out = here.activation, BLOCK, 0, unfilled(here.scores.shape, here.scores.dtype)
    columns = _in_groups(here.c)
    if _is_kept(here, specs) and (kept := next(_fitting(columns * WARP, 3 * columns), None)):
        name, block, shared = "kept", kept[0], min(MOST_SHARED, int(SPARE * kept[1]))
    blocks = here.planes * pixels.tiles
    launch(f"{name}_gradient_{here.scalar}", blocks, block, shared, here.scores, pixels, upstream, out, listed)
    return out


def _is_kept(here: CudaProblem, specs: Sequence[Spec]) -> bool:
    """Whether the kernels of `source/kept_sums.cu` can make these sums."""
    of_negatives = [kind for side, kind, _exponent, _clip in specs if side != POSITIVE]
    return here.multiclass and of_negatives in ([], [ERROR]) and here.labels.dtype == paddle.uint8


def _in_groups(classes: int) -> int:
    return math.ceil(classes / GROUP) * GROUP


def _fitting(of_warp: int, of_block: int = 0, least: int = WARP) -> Iterator[tuple[int, int]]:
    """Threads of the blocks that have room for so many floats, and their bytes, the largest first."""
    for threads in (BLOCK, BLOCK // 2, WARP):
        shared = 4 * (of_block + threads // WARP * of_warp)
        if shared <= MOST_SHARED and threads >= least:
            yield threads, shared
