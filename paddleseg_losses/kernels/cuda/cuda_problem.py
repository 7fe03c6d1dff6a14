"""A problem as kernels for CUDA read it: contiguous, and kept alive meanwhile."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import paddle

from ...errors import KernelError
from ...problem import Problem
from .device import one_card
from .launcher import MOST_SHARED

Tensor = Any

# The suffix of the kernels that read logits of a type, and how a type of labels is numbered in `common.cuh`.
SCALARS = {paddle.float32: "f32", paddle.float16: "f16", paddle.bfloat16: "bf16"}
LABELS = {paddle.uint8: 0, paddle.int8: 1, paddle.int16: 2, paddle.int32: 3, paddle.int64: 4}
MOST_CLASSES = MOST_SHARED // 4  # of which a warp has sums


class Labels(ctypes.Structure):
    """Labels of any type, as `common.cuh` declares them."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("type", ctypes.c_int32),
        ("classes", ctypes.c_int64),
        ("ignore", ctypes.c_int64),
    )


class Pixels(ctypes.Structure):
    """Labels and weights of the pixels, and how many of them a block has, as `functions.cuh` declares it."""

    _fields_ = (
        ("labels", Labels),
        ("weights", ctypes.c_void_p),
        ("sharing", ctypes.c_int32),
        ("channels", ctypes.c_int32),
        ("tile", ctypes.c_int32),
        ("tiles", ctypes.c_uint32),
        ("s", ctypes.c_int64),
    )


class CudaProblem:
    """A `Problem` whose tensors kernels read as they are.

    Attributes:
        scores: `[N, C, *S]`.
        labels: `[N, 1, *S]` under a softmax, `[N, C, *S]` under sigmoids.
        weight: float32 `[N, 1, *S]`, or `[N, C, *S]` under sigmoids, or None.
        scalar: suffix of the kernels for the scores.
        activation: prefix of the kernels, 'softmax' or 'sigmoid'.
        n: samples.
        c: channels.
        s: pixels of a sample.
        planes: what has labels of its own: samples, or channels of samples.
    """

    def __init__(self, problem: Problem, weight: Tensor | None = None) -> None:
        self.n, self.c, *space = (int(size) for size in problem.scores.shape)
        self.s, self.problem = math.prod(space), problem
        flat, full = [self.n, 1, *space], [self.n, self.c, *space]
        self.multiclass = problem.multiclass
        _require(problem.scores, SCALARS, [full])
        _require(problem.labels, LABELS, [flat if self.multiclass else full])
        self.scores, self.labels = problem.scores.contiguous(), problem.labels.contiguous()
        self.weight: Tensor = None
        if weight is not None:
            _require(weight, [paddle.float32], [flat] if self.multiclass else [flat, full])
            self.weight = weight.contiguous()
        one_card(*(x for x in (self.scores, self.labels, self.weight) if x is not None))  # kernels are given addresses
        self.scalar = SCALARS[problem.scores.dtype]
        self.activation = "softmax" if self.multiclass else "sigmoid"
        self.planes = self.n if self.multiclass else self.n * self.c

    @property
    def label_struct(self) -> Labels:
        """The labels as kernels take them; this problem has to live as long as they are read."""
        problem, kind = self.problem, LABELS[self.labels.dtype]
        return Labels(self.labels.data_ptr(), kind, problem.classes, problem.ignore_index)

    def pixels(self, tile: int) -> Pixels:
        """Of which each block has so many; this problem has to live as long as they are read."""
        weights = None if self.weight is None else self.weight.data_ptr()
        sharing = 1 if self.weight is None else self.planes // (self.n * int(self.weight.shape[1]))
        return Pixels(self.label_struct, weights, sharing, self.c, tile, math.ceil(self.s / tile), self.s)

    def save(self, ctx: Any) -> None:
        """Keep this problem for the backward pass, when the forward pass has done; Paddle keeps the scores."""
        ctx.save_for_backward(self.scores)
        ctx.problem = self.problem.with_scores(None), self.weight

    @staticmethod
    def saved(ctx: Any, other_weight: Tensor | None = None) -> CudaProblem:
        """The problem that the forward pass has kept, perhaps with another weight of each pixel."""
        (scores,), (problem, weight) = ctx.saved_tensor(), ctx.problem
        return CudaProblem(problem.with_scores(scores), weight if other_weight is None else other_weight)


def _require(tensor: Tensor, dtypes: Any, shapes: list[list[int]]) -> None:
    """Nothing else reaches a kernel, whoever calls."""
    shape = list(tensor.shape)
    if tensor.dtype in dtypes and shape in shapes and 0 not in shape:
        return
    raise KernelError(
        f"A kernel was given {tensor.dtype} {shape}.",
        f"{' or '.join(map(str, dtypes))} of shape {' or '.join(map(str, shapes))}",
        "this is a mistake in the package, please report it; PADDLESEG_LOSSES_KERNELS=composed avoids it",
    )
