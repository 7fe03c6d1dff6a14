"""The Lovász extension of the Jaccard loss of raw logits, by the kernel `native/lovasz.cpp`."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Collection
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .memory import ADDRESS, INT, address, function
from .sums import LABEL_BYTES, _Problem, refuse_second_derivatives
from .switch import threads

Tensor = Any

MOST = 2**31 - 1  # pixels of a row


def fits(logits: Tensor) -> bool:
    """Whether the pixels of a batch can be numbered in the 31 bits that the sort leaves for them."""
    return math.prod(logits.shape) // max(int(logits.shape[1]), 1) <= MOST


def lovasz(
    logits: Tensor,
    labels: Tensor,
    ignore_index: int,
    per_image: bool,
    hinge: bool = False,
    wanted: Collection[int] | None = None,
    present_only: bool = False,
) -> tuple[Tensor, Any]:
    """Lovász extension of every row, a class or an image and a class.

    Args:
        logits: float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]` class indices, or `[N, C, *S]` of 0 and 1 with `hinge`.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        per_image: whether images are sorted apart.
        hinge: errors max(0, 1 - z (2 y - 1)) of every channel on its own, instead of |g - softmax(z)|.
        wanted: classes to compute, all if None.
        present_only: leave out rows without a pixel of their class.

    Returns:
        float32 `[N or 1, C]`, 0 where left out, and a NumPy array of how many pixels of its class each row has.
    """
    classes = int(logits.shape[1])
    chosen = np.array([wanted is None or c in wanted for c in range(classes)], np.uint8)
    hits = np.zeros((int(logits.shape[0]) if per_image else 1, classes), np.int64)
    keep = paddle.is_grad_enabled() and not logits.stop_gradient
    rows = _Lovasz.apply(logits, labels, (ignore_index, per_image, hinge), chosen, present_only, hits, keep)
    return rows, hits


class _Lovasz(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        labels: Tensor,
        options: tuple[int, bool, bool],
        chosen: Any,
        present_only: bool,
        hits: Any,
        keep: bool,
    ) -> Tensor:
        logits, labels = logits.contiguous(), labels.contiguous()
        problem, per_image = _problem(logits, labels, *options), int(options[1])
        losses = np.zeros(hits.shape)
        pull = paddle.empty([problem.c, problem.n * problem.s], "float32") if keep else None
        function("lovasz_forward", ADDRESS, INT, ADDRESS, INT, INT, ADDRESS, ADDRESS, ADDRESS)(
            ctypes.addressof(problem),
            per_image,
            chosen.ctypes.data,
            int(present_only),
            threads(math.prod(logits.shape)),
            losses.ctypes.data,
            hits.ctypes.data,
            None if pull is None else pull.data_ptr(),
        )
        ctx.save_for_backward(logits)
        ctx.kept = labels, pull, options
        return paddle.to_tensor(losses, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (logits,), (labels, pull, options) = ctx.saved_tensor(), ctx.kept
        problem, found = _problem(logits, labels, *options), paddle.empty_like(logits)
        upstream = np.ascontiguousarray(gradient.numpy(), np.float64)
        function("lovasz_backward", ADDRESS, INT, ADDRESS, ADDRESS, INT, ADDRESS)(
            ctypes.addressof(problem),
            int(options[1]),
            upstream.ctypes.data,
            pull.data_ptr(),
            threads(math.prod(logits.shape)),
            found.data_ptr(),
        )
        return found



def _problem(logits: Tensor, labels: Tensor, ignore_index: int, per_image: bool, hinge: bool) -> _Problem:
    """Everything that native code cannot check is checked here."""
    shape = [int(size) for size in logits.shape]
    if not 3 <= len(shape) <= 5 or 0 in shape or not fits(logits):
        raise KernelError(f"Logits of shape {shape}.", "[N, C, *S] with fewer than 2^31 pixels", "split the batch")
    n, c, *space = shape
    return _Problem(
        logits=address(logits, "logits", shape, paddle.float32),
        labels=address(labels, "labels", [n, c if hinge else 1, *space], *LABEL_BYTES),
        weight=None,
        n=n,
        c=c,
        s=math.prod(space),
        weight_channels=1,
        ignore=ignore_index,
        label_bytes=LABEL_BYTES[labels.dtype],
        sigmoid=int(hinge),
    )
