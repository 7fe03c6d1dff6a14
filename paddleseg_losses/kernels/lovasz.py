"""The Lovász extension of the Jaccard loss of raw logits, by the kernel `native/lovasz/lovasz.cpp`."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..errors import KernelError
from ..i18n import _
from ..problem import Problem
from .buffer_pool import empty, empty_like, tensor_of
from .native_problem import NativeProblem, function, refuse_second_derivatives

Tensor = Any

MOST = 2**31 - 1  # pixels of a row, as their numbers have 31 bits in the sort


def lovasz_rows(
    problem: Problem,
    per_image: bool,
    hinge: bool = False,
    wanted: Collection[int] | None = None,
    present_only: bool = False,
) -> tuple[Tensor, Any]:
    """Lovász extension of every row: a class, or an image and a class.

    Args:
        problem: the gradient flows to its logits; multiclass, or `hinge`.
        per_image: whether images are sorted apart.
        hinge: errors max(0, 1 - z (2 y - 1)) of every channel on its own, instead of |g - softmax(z)|; of z = z_1 - z_0
            where the labels are indices of two classes, a single row.
        wanted: rows of an image to compute, all if None.
        present_only: leave out rows without a pixel of their class.

    Returns:
        float32 `[N or 1, C or 1]`, 0 where left out, and a NumPy array of how many pixels of its class each row has.
    """
    logits, rows = problem.scores, rows_of(problem, hinge)
    chosen = np.array([wanted is None or c in wanted for c in range(rows)], np.uint8)
    hits = np.zeros((logits.shape[0] if per_image else 1, rows), np.int64)
    keep = paddle.is_grad_enabled() and not logits.stop_gradient  # else nothing is kept for a backward pass
    how = (int(per_image), int(hinge))
    return _Lovasz.apply(logits, problem, how, chosen, int(present_only), hits, keep), hits


def rows_of(problem: Problem, hinge: bool) -> int:
    """Number of rows of an image; refuses what no kernel computes."""
    classes = problem.channels
    margin = hinge and problem.multiclass  # of two classes
    if (margin and classes != 2) or (not hinge and not problem.multiclass):
        raise KernelError(
            f"Lovász {'hinge' if hinge else 'softmax'} of a {problem.mode} problem of {classes} channels.",
            "softmax: multiclass; hinge: channels of their own, or two classes",
            "use the other one",
        )
    if math.prod(problem.scores.shape) // max(classes, 1) > MOST:
        raise KernelError(
            _("The logits have shape {shape}.", shape=list(problem.scores.shape)),
            _("fewer than 2^31 pixels in a batch"),
            _("split the batch, or set {setting}", setting="PADDLESEG_LOSSES_KERNELS=composed"),
        )
    return 1 if margin else classes


class _Lovasz(Differentiable):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, problem: Problem, how: Any, chosen: Any, present_only: int, hits: Any, keep: bool
    ) -> Tensor:
        native, losses = NativeProblem(problem), np.zeros(hits.shape)
        slope = empty([hits.shape[1], native.size // native.cells[1]]) if keep else None
        size = native.call(function("lovasz_workspace_bytes"), *how)
        workspace = empty([-(-size // 4)])  # in floats
        native.call(
            function("lovasz_forward"),
            *how,
            chosen.ctypes.data,
            present_only,
            losses.ctypes.data,
            hits.ctypes.data,
            None if slope is None else slope.data_ptr(),
            workspace.data_ptr(),
        )
        native.save(ctx)
        ctx.kept = how, slope
        return tensor_of(losses)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        native, (how, slope) = NativeProblem.saved(ctx), ctx.kept
        grad = empty_like(native.scores)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        native.call(function("lovasz_backward"), *how, upstream.ctypes.data, slope.data_ptr(), grad.data_ptr())
        return grad
