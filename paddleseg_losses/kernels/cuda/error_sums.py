"""Sums of functions of the error over the pixels of each class, by the kernels of `source/error_sums.cu`."""

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
from .sum_specs import MOST, Spec, SumSpecs
from .tiling import BLOCK, WARP, add_up, tile_of

Tensor = Any


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
    tile = tile_of(here.planes, here.s)
    tiles, count = math.ceil(here.s / tile), len(specs)
    if here.multiclass:
        parts = unfilled([here.n, tiles, here.c, count], paddle.float32)
        row = 4 * here.c * count
        block = next(size for size in (BLOCK, BLOCK // 2, WARP) if size // WARP * row <= MOST_SHARED)
        shape: tuple[Any, ...] = (parts, here.s, tiles, tile)
        launch(
            f"softmax_sums_{here.scalar}", here.n * tiles, block, block // WARP * row,
            here.scores, *here.label_arguments, here.weight, *shape, SumSpecs.of_list(specs),
        )  # fmt: skip
        return add_up(parts)
    parts = unfilled([here.planes, tiles, count], paddle.float32)
    shape = (parts, here.c, here.s, tiles, tile)
    launch(
        f"sigmoid_sums_{here.scalar}", here.planes * tiles, BLOCK, 4 * count * BLOCK,
        here.scores, *here.label_arguments, here.weight, here.weight_channels, *shape, SumSpecs.of_list(specs),
    )  # fmt: skip
    return add_up(parts).reshape([here.n, here.c, count])


def _gradient(here: CudaProblem, specs: Sequence[Spec], upstream: Tensor) -> Tensor:
    out, tiles = unfilled(here.scores.shape, here.scores.dtype), math.ceil(here.s / BLOCK)
    results = (upstream, out) if here.multiclass else (here.weight_channels, upstream, out, here.c)
    launch(
        f"{here.activation}_gradient_{here.scalar}", here.planes * tiles, BLOCK, 0,
        here.scores, *here.label_arguments, here.weight, *results, here.s, tiles, SumSpecs.of_list(specs),
    )  # fmt: skip
    return out
