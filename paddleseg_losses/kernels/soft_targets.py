"""Sums of soft targets and probabilities over pixels, by the kernel `native/pixelwise/soft_targets.cpp`."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..problem import Problem
from . import signatures
from .buffer_pool import empty_like, tensor_of
from .loader import threads
from .native_problem import function, refuse_second_derivatives, require

Tensor = Any

_Struct = signatures.structs()["SoftProblem"]
SUMS = signatures.enums()["SoftSum"]["SOFT_SUMS"]


def soft_sums(problem: Problem) -> Tensor:
    """Table `[N, C, SUMS]` over the pixels that count, in the order of `SoftSum` in `native/api.h`.

    The gradient flows to the logits from all but the last three columns, which the targets alone decide.
    """
    return _SoftSums.apply(problem.scores, problem)


def check_soft_targets(problem: Problem) -> tuple[int, int]:
    """How many pixels (elements where each channel is a problem of its own) have wrong targets, and how many count."""
    counts = np.zeros(2, np.int64)
    _call("soft_targets_check", problem, counts.ctypes.data)
    return int(counts[0]), int(counts[1])


def _call(name: str, problem: Problem, *arguments: Any) -> None:
    n, c, *space = shape = list(problem.scores.shape)
    require(problem.scores, [paddle.float32], [shape], shape)
    require(problem.labels, [paddle.float32], [shape], shape)
    logits, targets = problem.scores.contiguous(), problem.labels.contiguous()
    struct = _Struct(
        logits=logits.data_ptr(),
        targets=targets.data_ptr(),
        n=n,
        c=c,
        s=math.prod(space),
        ignore=problem.ignore_index,
        sigmoid=int(not problem.multiclass),
    )
    function(name)(ctypes.byref(struct), *arguments, threads(math.prod(shape)))


class _SoftSums(Differentiable):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, problem: Problem) -> Tensor:
        sums = np.empty((*logits.shape[:2], SUMS))
        _call("soft_targets_forward", problem, sums.ctypes.data)
        ctx.save_for_backward(logits)
        # A copy: the backward pass reads the targets again, and they are the caller's to change.
        ctx.problem = problem.with_scores(None).with_labels(problem.labels.clone())
        return tensor_of(sums)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        refuse_second_derivatives()
        (logits,) = ctx.saved_tensor()
        grad, weights = empty_like(logits), np.ascontiguousarray(upstream.numpy(), np.float32)
        _call("soft_targets_backward", ctx.problem.with_scores(logits), weights.ctypes.data, grad.data_ptr())
        return grad
