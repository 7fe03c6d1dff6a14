"""Sums of functions of the error over the pixels of each class, by the kernel `native/pixelwise/error_sums.cpp`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from .buffer_pool import empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives
from .signatures import structs

Tensor = Any
SumSpec = tuple[int, int, float, float]  # side, kind, exponent, clip, as in `native/api.h`


_SumSpec = structs()["SumSpec"]


def error_sums(problem: Problem, specs: Sequence[SumSpec], weight: Tensor | None = None) -> Tensor:
    """Table `[N, C, specs]` of sums over the pixels of each sample and class, through which gradients flow.

    Args:
        problem: scored by logits.
        specs: which pixels, and which function of their error.
        weight: of each pixel, `[N, 1, *S]`; it weighs the sums, but not the number of pixels.
    """
    binary = not problem.multiclass or problem.channels == 2  # only then there is something worth keeping
    keep = binary and paddle.is_grad_enabled() and not problem.scores.stop_gradient  # not known inside `forward`
    return _Sums.apply(problem.scores, problem, weight, as_array(specs), keep)


def label_weights(problem: Problem, weight: Tensor) -> Any:
    """Sum of the weights of the pixels of each label, float64 `[N, C]`, or `[N, C, 2]` where channels are apart."""
    native = NativeProblem(problem, weight)
    sums = np.empty(native.cells if problem.multiclass else (*native.cells, 2))
    native.call(function("error_sums_weights"), sums.ctypes.data)
    return sums


def as_array(specs: Sequence[SumSpec]) -> Any:
    """Specs as the kernels read them."""
    return _as_array(tuple(specs))


@lru_cache
def _as_array(specs: tuple[SumSpec, ...]) -> Any:
    return (_SumSpec * len(specs))(*(_SumSpec(*spec) for spec in specs))


def as_table(numbers: Any, native: NativeProblem, specs: Any) -> Any:
    """Numbers `[N, C, specs]` as the kernel reads them."""
    return np.ascontiguousarray(np.broadcast_to(numbers, (*native.cells, len(specs))), np.float64)


def gradient(native: NativeProblem, specs: Any, upstream: Any, kept: Tensor | None = None) -> Tensor:
    """The gradient of the sums' total with weights `[N, C, specs]`, in place of what the forward pass kept."""
    refuse_second_derivatives()
    grad = empty_like(native.scores) if kept is None else kept
    backward, is_kept = function("error_sums_backward"), int(kept is not None)
    native.call(backward, specs, len(specs), upstream.ctypes.data, is_kept, grad.data_ptr())
    return grad


class _Sums(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem, weight: Tensor | None, specs: Any, keep: bool) -> Tensor:
        native = NativeProblem(problem, weight)
        sums, is_kept = np.empty((*native.cells, len(specs))), ctypes.c_int()
        kept: Tensor = empty_like(native.scores) if keep else None
        place = (kept.data_ptr() if keep else None, ctypes.byref(is_kept))
        native.call(function("error_sums_forward"), specs, len(specs), sums.ctypes.data, *place)
        ctx.gradient = kept if is_kept.value else None
        native.save(ctx)
        ctx.specs = specs
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        weights = upstream.numpy().astype(np.float64, order="C")
        kept, ctx.gradient = ctx.gradient, None  # given away once: its new owner may change it
        return gradient(NativeProblem.saved(ctx), ctx.specs, weights, kept)
