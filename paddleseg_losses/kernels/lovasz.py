"""The Lovász extension of the Jaccard loss of raw logits, by the kernel `native/lovasz.cpp`."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .buffer_pool import empty, empty_like
from .problem import Problem, function, refuse_second_derivatives

Tensor = Any

MOST = 2**31 - 1  # pixels of a row, as their numbers have 31 bits in the sort


def lovasz(
    logits: Tensor,
    labels: Tensor,
    ignore_index: int,
    per_image: bool,
    hinge: bool = False,
    wanted: Collection[int] | None = None,
    present_only: bool = False,
) -> tuple[Tensor, Any]:
    """Lovász extension of every row: a class, or an image and a class.

    Args:
        logits: float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]` class indices, or with `hinge` `[N, C, *S]` of 0 and 1.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        per_image: whether images are sorted apart.
        hinge: errors max(0, 1 - z (2 y - 1)) of every channel on its own, instead of |g - softmax(z)|; of z = z_1 - z_0
            where the labels are indices of two classes, a single row.
        wanted: rows of an image to compute, all if None.
        present_only: leave out rows without a pixel of their class.

    Returns:
        float32 `[N or 1, C or 1]`, 0 where left out, and a NumPy array of how many pixels of its class each row has.
    """
    samples, classes = int(logits.shape[0]), int(logits.shape[1])
    margin = hinge and classes == 2 and labels.shape[1] == 1
    rows = 1 if margin else classes
    if math.prod(logits.shape) // max(classes, 1) > MOST:
        raise KernelError(
            f"Logits of shape {list(logits.shape)}.",
            "fewer than 2^31 pixels in a batch",
            "split the batch, or set PADDLESEG_LOSSES_KERNELS=composed",
        )
    chosen = np.array([wanted is None or c in wanted for c in range(rows)], np.uint8)
    hits = np.zeros((samples if per_image else 1, rows), np.int64)
    keep = paddle.is_grad_enabled() and not logits.stop_gradient  # else nothing is kept for a backward pass
    problem, how = (labels, hinge and not margin, ignore_index), (int(per_image), int(hinge))
    return _Lovasz.apply(logits, problem, how, chosen, int(present_only), hits, keep), hits


class _Lovasz(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, rest: Any, how: Any, chosen: Any, present_only: int, hits: Any, keep: bool
    ) -> Tensor:
        problem, losses = Problem(logits, *rest), np.zeros(hits.shape)
        pull = empty([hits.shape[1], problem.size // problem.cells[1]]) if keep else None
        bytes_needed = problem.call(function("lovasz_workspace_bytes"), *how)
        workspace = empty([-(-bytes_needed // 4)])  # in floats
        problem.call(
            function("lovasz_forward"),
            *how,
            chosen.ctypes.data,
            present_only,
            losses.ctypes.data,
            hits.ctypes.data,
            None if pull is None else pull.data_ptr(),
            workspace.data_ptr(),
        )
        ctx.save_for_backward(problem.logits)
        ctx.kept = rest, how, pull
        return paddle.to_tensor(losses, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (logits,), (rest, how, pull) = ctx.saved_tensor(), ctx.kept
        problem, found = Problem(logits, *rest), empty_like(logits)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        native = function("lovasz_backward")
        problem.call(native, *how, upstream.ctypes.data, pull.data_ptr(), found.data_ptr())
        return found
