"""Sums of functions of the error over the pixels of each class, by the kernel `native/sums.cpp`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from .problem import ADDRESS, POINTER, WHOLE, Problem, function, refuse_second_derivatives

Tensor = Any
Moment = tuple[int, int, float]  # side, kind, exponent, as in `native/moments.hpp`


class _Moment(ctypes.Structure):
    _fields_ = (("side", ctypes.c_int32), ("kind", ctypes.c_int32), ("gamma", ctypes.c_float))


_PROBLEM = (POINTER, ctypes.POINTER(_Moment), WHOLE)


def sums(
    logits: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    moments: Sequence[Moment],
    weight: Tensor | None = None,
) -> Tensor:
    """Table `[N, C, moments]` of sums over the pixels of each sample and class, through which gradients flow.

    The arguments are those of `Problem`; `weight` is the factor of what each pixel adds.
    """
    return _Sums.apply(logits, (labels, sigmoid, ignore_index, weight), _listed(moments))


def values(
    logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, moments: Sequence[Moment], coefficients: Any
) -> Tensor:
    """Functions of each pixel's error, added with coefficients `[N, C, moments]` of its label.

    Returns:
        `[N, 1, *S]` under a softmax, `[N, C, *S]` under a sigmoid, 0 where ignored; gradients flow through it.
    """
    return _Values.apply(logits, (labels, sigmoid, ignore_index), _listed(moments), coefficients)


def _listed(moments: Sequence[Moment]) -> Any:
    return (_Moment * len(moments))(*(_Moment(*moment) for moment in moments))


def _table(numbers: Any, problem: Problem, moments: Any) -> Any:
    """Numbers `[N, C, moments]` as the kernel reads them."""
    return np.ascontiguousarray(np.broadcast_to(numbers, (*problem.cells, len(moments))), np.float64)


def _gradient(problem: Problem, moments: Any, upstream: Any) -> Tensor:
    refuse_second_derivatives()
    backward = function("sums_backward", *_PROBLEM, ADDRESS, ADDRESS, WHOLE)
    found = paddle.empty_like(problem.logits)
    problem.call(backward, moments, len(moments), upstream.ctypes.data, found.data_ptr())
    return found


class _Sums(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, moments: Any) -> Tensor:
        problem = Problem(logits, *rest)
        table = np.empty((*problem.cells, len(moments)))
        problem.call(function("sums_forward", *_PROBLEM, ADDRESS, WHOLE), moments, len(moments), table.ctypes.data)
        ctx.save_for_backward(problem.logits)
        ctx.rest = rest, moments
        return paddle.to_tensor(table, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (logits,), (rest, moments) = ctx.saved_tensor(), ctx.rest
        problem = Problem(logits, *rest)
        return _gradient(problem, moments, _table(gradient.numpy(), problem, moments))


class _Values(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, moments: Any, coefficients: Any) -> Tensor:
        problem = Problem(logits, *rest)
        found, table = paddle.empty(problem.labels.shape, "float32"), _table(coefficients, problem, moments)
        native = function("pixel_values", *_PROBLEM, ADDRESS, ADDRESS, WHOLE)
        problem.call(native, moments, len(moments), table.ctypes.data, found.data_ptr())
        ctx.save_for_backward(problem.logits)
        ctx.rest = rest, moments, table
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (logits,), ((labels, sigmoid, ignore_index), moments, table) = ctx.saved_tensor(), ctx.rest
        # The gradient of a value is the weight of its sum.
        return _gradient(Problem(logits, labels, sigmoid, ignore_index, gradient), moments, table)
