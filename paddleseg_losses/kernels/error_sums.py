"""Sums of functions of the error over the pixels of each class, by the kernel `native/error_sums.cpp`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .buffer_pool import empty_like
from .problem import Problem, function, refuse_second_derivatives
from .signatures import structs

Tensor = Any
Moment = tuple[int, int, float]  # side, kind, exponent, as in `native/api.h`


_Moment = structs()["SumSpec"]


def sums(
    logits: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    moments: Sequence[Moment],
    weight: Tensor | None = None,
    counts: Any = None,
) -> Tensor:
    """Table `[N, C, moments]` of sums over the pixels of each sample and class, through which gradients flow.

    The arguments are those of `Problem`; `weight` is the factor of what each pixel adds. `counts` are further columns
    that are known already, an array `[N, C, any]`: one tensor is made faster than two.
    """
    return _Sums.apply(logits, (labels, sigmoid, ignore_index, weight), listed(moments), counts)


def listed(moments: Sequence[Moment]) -> Any:
    """Moments as the kernels read them."""
    return (_Moment * len(moments))(*(_Moment(*moment) for moment in moments))


def table(numbers: Any, problem: Problem, moments: Any) -> Any:
    """Numbers `[N, C, moments]` as the kernel reads them."""
    return np.ascontiguousarray(np.broadcast_to(numbers, (*problem.cells, len(moments))), np.float64)


def gradient(problem: Problem, moments: Any, upstream: Any) -> Tensor:
    """The gradient of the sums' total with weights `[N, C, moments]`."""
    refuse_second_derivatives()
    backward = function("error_sums_backward")
    found = empty_like(problem.logits)
    problem.call(backward, moments, len(moments), upstream.ctypes.data, found.data_ptr())
    return found


class _Sums(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, moments: Any, counts: Any) -> Tensor:
        problem = Problem(logits, *rest)
        found = np.empty((*problem.cells, len(moments)))
        problem.call(function("error_sums_forward"), moments, len(moments), found.ctypes.data)
        ctx.save_for_backward(problem.logits)
        ctx.rest = rest, moments
        found = found if counts is None else np.concatenate([found, counts], axis=-1)
        return paddle.to_tensor(found.astype(np.float32))

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (logits,), (rest, moments) = ctx.saved_tensor(), ctx.rest
        problem = Problem(logits, *rest)
        return gradient(problem, moments, table(upstream.numpy()[..., : len(moments)], problem, moments))
