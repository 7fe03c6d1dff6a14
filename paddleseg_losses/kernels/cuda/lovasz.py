"""The Lovász extension of the Jaccard loss of raw logits, by `source/lovasz.cu` around Paddle's sort."""

from __future__ import annotations

import ctypes
from collections.abc import Collection
from typing import Any

import paddle

from ...differentiable import Differentiable
from ...problem import Problem
from ..lovasz import rows_of
from ..native_problem import refuse_second_derivatives
from ..unfilled import unfilled
from .cuda_problem import CudaProblem
from .device import launch
from .maps import THREADS, Maps, blocks, maps_of
from .tiling import add_up

Tensor = Any

TILE = 8 * THREADS  # sorted pixels of a block; the kernel has the same number


class Row(ctypes.Structure):
    """A row in its sorted order."""

    _fields_ = (
        ("maps", Maps),
        ("order", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("length", "sample", "channel")),
    )


def lovasz_rows(
    problem: Problem,
    per_image: bool,
    hinge: bool = False,
    wanted: Collection[int] | None = None,
    present_only: bool = False,
) -> tuple[Tensor, Tensor]:
    """The same as the native one, but how many pixels each row has is an int64 tensor."""
    rows = rows_of(problem, hinge)
    chosen = [wanted is None or row in wanted for row in range(rows)]
    sizes: list[Tensor] = []
    losses = _Lovasz.apply(problem.scores, problem, per_image, hinge, chosen, present_only, sizes)
    return losses, paddle.concat(sizes).astype("int64").reshape(losses.shape)


class _Lovasz(Differentiable):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, problem: Problem, per_image: bool, hinge: bool, chosen: Any, present_only: bool,
        sizes: list[Tensor],
    ) -> Tensor:  # fmt: skip
        here, rows = CudaProblem(problem), len(chosen)
        maps, over_pixels = maps_of(here), here.n * blocks(here.s)
        keys = unfilled([rows, here.n, here.s], "float32")
        if hinge:
            name, grid = f"lovasz_hinge_keys_{here.scalar}", rows * over_pixels
        else:
            name, grid = f"lovasz_softmax_keys_{here.scalar}", over_pixels
        launch(name, grid, THREADS, 0, maps, here.scores, here.n, keys)
        groups, length = (here.n, here.s) if per_image else (1, here.n * here.s)
        tiles = blocks(length, TILE)
        parts = unfilled([groups * rows, tiles], "float32")
        paired = not hinge and rows == 2  # both classes have the same errors
        for group in range(groups):
            order = None
            for row in range(rows):
                if chosen[row] and (order is None or not paired):
                    order = (keys[row, group] if per_image else keys[row].flatten()).argsort(descending=True)
                address = None if order is None else order.data_ptr()
                sorted_row = Row(maps, address, length, group, 1 if hinge and here.multiclass else row)
                until = paddle.zeros([tiles], "int32")
                if chosen[row]:
                    launch("lovasz_count", tiles, THREADS, 0, sorted_row, until)
                    until = until.cumsum(dtype="int32")
                sizes.append(until[-1:])
                slopes = keys.data_ptr() + 4 * (row * here.n * here.s + group * length)
                sums = parts.data_ptr() + 4 * (group * rows + row) * tiles
                how = int(chosen[row]), int(present_only), float(hinge)
                launch("lovasz_grow", tiles, THREADS, 0, sorted_row, until, *how, slopes, sums)
        here.save(ctx)
        ctx.kept = per_image, hinge, keys
        return add_up(parts).reshape([groups, rows])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        here, (per_image, hinge, slopes) = CudaProblem.saved(ctx), ctx.kept
        grad, upstream = unfilled(here.scores.shape, here.scores.dtype), gradient.contiguous()
        maps, over_pixels, how = maps_of(here), here.n * blocks(here.s), (here.n, slopes, upstream, int(per_image))
        if hinge:
            name = f"lovasz_hinge_gradient_{here.scalar}"
            launch(name, slopes.shape[0] * over_pixels, THREADS, 0, maps, *how, grad)
        else:
            launch(f"lovasz_softmax_gradient_{here.scalar}", over_pixels, THREADS, 0, maps, here.scores, *how, grad)
        return grad
