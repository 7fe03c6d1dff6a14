"""Values of single pixels, functions of their error, by the kernels of `source/pixel_values.cu`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle

from ...differentiable import Differentiable
from ...problem import Problem
from ..unfilled import unfilled
from .cuda_problem import CudaProblem
from .device import launch
from .error_sums import gradient
from .sum_specs import Spec, SumSpecs
from .tiling import BLOCK

Tensor = Any


def pixel_values(problem: Problem, specs: Sequence[Spec], coefficients: Sequence[tuple[Any, float]]) -> Tensor:
    """Functions of each pixel's error, added with coefficients of its label.

    Args:
        problem: scored by logits, with labels that are no soft targets.
        specs: which functions; under a softmax of the pixels of each class alone.
        coefficients: of each function a number or a tensor `[N or 1, C]`, times a number.

    Returns:
        `[N, 1, *S]` under a softmax, `[N, C, *S]` under a sigmoid, 0 where ignored; gradients flow through it.
    """
    return _Values.apply(problem.scores, problem, tuple(specs), _table(problem, coefficients))


def _table(problem: Problem, coefficients: Sequence[tuple[Any, float]]) -> Tensor:
    """Coefficients `[N, C, specs]` on the device."""
    cells = [problem.scores.shape[0], problem.channels]
    with paddle.no_grad():
        columns = [
            (x * factor).astype("float32").expand(cells)
            if paddle.is_tensor(x)
            else paddle.full(cells, float(x * factor), "float32")
            for x, factor in coefficients
        ]
        return paddle.stack(columns, axis=-1)


class _Values(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, specs: tuple[Spec, ...], table: Tensor) -> Tensor:
        here = CudaProblem(problem)
        here.save(ctx)
        ctx.kept = specs, table
        values, pixels = unfilled(here.labels.shape), here.pixels(BLOCK)
        name, listed = f"{here.activation}_values_{here.scalar}", SumSpecs.of_list(specs)
        launch(name, here.planes * pixels.tiles, BLOCK, 0, here.scores, pixels, table, values, listed)
        return values

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        specs, table = ctx.kept
        # The gradient of a value is the weight of its sum.
        return gradient(CudaProblem.saved(ctx, upstream), specs, table)
