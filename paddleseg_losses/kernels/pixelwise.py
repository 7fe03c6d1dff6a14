"""Values of single pixels, functions of their error, and the values' sum, by the kernel `native/pixelwise.cpp`."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import paddle
from paddle.autograd import PyLayer

from .backend import threads
from .buffer_pool import empty, empty_like
from .error_sums import Moment, gradient, listed, table
from .problem import Problem, function, refuse_second_derivatives

Tensor = Any


def values(
    logits: Tensor, labels: Tensor, sigmoid: bool, ignore_index: int, moments: Sequence[Moment], coefficients: Any
) -> Tensor:
    """Functions of each pixel's error, added with coefficients `[N, C, moments]` of its label.

    Returns:
        `[N, 1, *S]` under a softmax, `[N, C, *S]` under a sigmoid, 0 where ignored; gradients flow through it.
    """
    return _Values.apply(logits, (labels, sigmoid, ignore_index), listed(moments), coefficients)


def total(
    logits: Tensor,
    labels: Tensor,
    sigmoid: bool,
    ignore_index: int,
    moments: Sequence[Moment],
    coefficients: Any,
    weight: Tensor | None = None,
    differentiable: bool = True,
) -> Tensor:
    """The sum of `values`, each times the weight of its pixel, 0-D; one pass makes it and, if need be, its gradient."""
    wanted = differentiable and not logits.stop_gradient
    return _Total.apply(logits, (labels, sigmoid, ignore_index, weight), listed(moments), coefficients, wanted)


class _Values(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, moments: Any, coefficients: Any) -> Tensor:
        problem = Problem(logits, *rest)
        found, numbers = empty(problem.labels.shape), table(coefficients, problem, moments)
        native = function("pixelwise_values")
        problem.call(native, moments, len(moments), numbers.ctypes.data, found.data_ptr())
        ctx.save_for_backward(problem.logits)
        ctx.rest = rest, moments, numbers
        return found

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        (logits,), (rest, moments, numbers) = ctx.saved_tensor(), ctx.rest
        # The gradient of a value is the weight of its sum.
        labels, sigmoid, ignore_index = rest
        return gradient(Problem(logits, labels, sigmoid, ignore_index, upstream), moments, numbers)


class _Total(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, rest: Any, moments: Any, coefficients: Any, wanted: bool) -> Tensor:
        problem = Problem(logits, *rest)
        numbers = table(coefficients, problem, moments)
        value, ctx.ready = _total(problem, moments, numbers, wanted)
        ctx.save_for_backward(problem.logits)
        ctx.rest = rest, moments, numbers
        return paddle.to_tensor(value, dtype="float32")

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        found, ctx.ready = ctx.ready, None  # given away once: its new owner may change it
        if found is None:
            (logits,), (rest, moments, numbers) = ctx.saved_tensor(), ctx.rest
            found = _total(Problem(logits, *rest), moments, numbers, True)[1]
        if float(upstream) != 1:
            scale(found, float(upstream))
        return found


def _total(problem: Problem, moments: Any, numbers: Any, wanted: bool) -> tuple[float, Tensor]:
    """The sum, and its gradient if that is wanted, else None."""
    found: Tensor = empty_like(problem.logits) if wanted else None
    value, place = ctypes.c_double(), found.data_ptr() if wanted else None
    native = function("pixelwise_total")
    problem.call(native, moments, len(moments), numbers.ctypes.data, place, ctypes.byref(value))
    return value.value, found


def scale(x: Tensor, factor: float) -> None:
    """Multiply a contiguous float32 tensor, where it is."""
    size = math.prod(x.shape)
    function("pixelwise_scale")(x.data_ptr(), size, factor, threads(size))
