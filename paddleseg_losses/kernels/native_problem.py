"""A problem as native code reads it: checked, contiguous, and kept alive meanwhile."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Collection
from functools import cache
from typing import Any

import paddle

from ..errors import KernelError
from ..i18n import _
from ..problem import Problem
from . import signatures
from .loader import library, threads

Tensor = Any

LABEL_BYTES = {paddle.int64: 8, paddle.int32: 4, paddle.uint8: 1}


_Struct = signatures.structs()["Problem"]


class NativeProblem:
    """A `Problem` in C: float32 scores, integer labels, and perhaps a weight for each pixel.

    Args:
        problem: without soft labels; where it is not multiclass, each channel is a problem of its own.
        weight: float32 `[N, 1, *S]` (or `[N, C, *S]` where each channel is a problem of its own), or None.
    """

    def __init__(self, problem: Problem, weight: Tensor | None = None) -> None:
        n, c, *space = problem.scores.shape
        full, flat, multiclass = [n, c, *space], [n, 1, *space], problem.multiclass
        require(problem.scores, [paddle.float32], [full], full)
        require(problem.labels, LABEL_BYTES, [flat if multiclass else full], full)
        self.scores, self.labels = problem.scores.contiguous(), problem.labels.contiguous()
        self.weight: Tensor = None
        if weight is not None:
            require(weight, [paddle.float32], [flat] if multiclass else [flat, full], full)
            self.weight = weight.contiguous()
        self.cells, self.size = (n, c), math.prod(full)
        self._threads = threads(self.size)  # once: work space is asked for, and then used, by the same number
        self._struct = _Struct(
            logits=self.scores.data_ptr(),
            labels=self.labels.data_ptr(),
            weight=None if weight is None else self.weight.data_ptr(),
            n=n,
            c=c,
            s=math.prod(space),
            weight_channels=1 if weight is None else weight.shape[1],
            ignore=problem.ignore_index,
            label_bytes=LABEL_BYTES[problem.labels.dtype],
            sigmoid=int(not multiclass),
        )

    def save(self, ctx: Any) -> None:
        """Keep this problem for the backward pass, when the forward pass has done; Paddle keeps the scores."""
        ctx.save_for_backward(self.scores)
        ctx.native, self.scores = self, None

    @staticmethod
    def saved(ctx: Any) -> NativeProblem:
        """The problem that the forward pass has kept."""
        native = object.__new__(NativeProblem)  # a copy: another backward pass may run at the same time
        vars(native).update(vars(ctx.native))
        (native.scores,) = ctx.saved_tensor()
        native._struct = _Struct.from_buffer_copy(native._struct)
        native._struct.logits = native.scores.data_ptr()
        return native

    def call(self, native: Any, *arguments: Any) -> Any:
        """Run a kernel on this problem."""
        return native(ctypes.byref(self._struct), *arguments, self._threads)


def require(tensor: Tensor, dtypes: Collection[Any], shapes: list[list[int]], logits: list[int]) -> None:
    """Nothing else reaches native code, whoever calls."""
    shape = list(tensor.shape)
    if tensor.dtype in dtypes and shape in shapes and 0 not in shape and tensor.place.is_cpu_place():
        return
    raise KernelError(
        f"A kernel was given {tensor.dtype} {shape} on {tensor.place}, with logits {logits}.",
        f"{' or '.join(map(str, dtypes))} of shape {' or '.join(map(str, shapes))} on the CPU",
        "this is a mistake in the package, please report it; PADDLESEG_LOSSES_KERNELS=composed avoids it",
    )


@cache
def function(name: str) -> Any:
    """A function of the library; it raises MemoryError if memory runs out."""
    loaded = library()
    if loaded is None:
        raise KernelError("A kernel was called without its library.", "native kernels", "ask `find` first")
    return signatures.bind(loaded, name)


def refuse_second_derivatives() -> None:
    """Under create_graph gradients are enabled in a backward pass; a kernel would silently give zeros."""
    if paddle.is_grad_enabled():
        raise KernelError(
            _("Second derivatives (create_graph=True) of a native kernel."),
            _("first derivatives"),
            _("set {setting}: some of Paddle's own operators have them", setting="PADDLESEG_LOSSES_KERNELS=composed"),
        )
