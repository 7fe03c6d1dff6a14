"""Sums of functions of the error over the pixels of each class, by the kernel `native/sums.cpp`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
from paddle.autograd import PyLayer

from ..errors import KernelError
from .switch import library, threads

Tensor = Any
Moment = tuple[int, int, float]  # side, kind, exponent, as in the C++ header

LABEL_BYTES = {paddle.int64: 8, paddle.int32: 4, paddle.uint8: 1}


class _Problem(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("logits", "labels", "weight")),
        *((name, ctypes.c_int64) for name in ("n", "c", "s", "weight_channels", "ignore")),
        *((name, ctypes.c_int32) for name in ("label_bytes", "sigmoid")),
    )


class _Moment(ctypes.Structure):
    _fields_ = (("side", ctypes.c_int32), ("kind", ctypes.c_int32), ("gamma", ctypes.c_float))


@lru_cache(maxsize=1)
def _native() -> ctypes.CDLL:
    found = library()
    if found is None:
        raise KernelError("A kernel was called without its library.", "native kernels", "call `applies` first")
    address, whole, long = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
    problem = (ctypes.POINTER(_Problem), ctypes.POINTER(_Moment), whole)
    signatures = {
        "sums_forward": (*problem, address, whole),
        "sums_backward": (*problem, address, address, whole),
        "pixel_values": (*problem, address, address, whole),
        "scan_labels": (address, whole, long, long, long, address, whole),
    }
    for name, types in signatures.items():
        getattr(found, name).argtypes, getattr(found, name).restype = types, None
    return found


def scan_labels(labels: Tensor, classes: int, ignore_index: int) -> tuple[int, int]:
    """Number of labels that count, and of those that are neither classes nor ignored."""
    labels = labels.contiguous()
    found = np.zeros(2, np.int64)
    width, size = _label_bytes(labels), int(np.prod(labels.shape))
    _native().scan_labels(labels.data_ptr(), width, size, classes, ignore_index, found.ctypes.data, threads(size))
    return int(found[0]), int(found[1])


def _label_bytes(labels: Tensor) -> int:
    if labels.dtype not in LABEL_BYTES:
        raise KernelError(f"Labels are {labels.dtype}.", "int64, int32 or uint8", "use labels.astype('int64')")
    return LABEL_BYTES[labels.dtype]


class _Call:
    """One problem, checked, with what must live as long as it is read."""

    def __init__(
        self,
        logits: Tensor,
        labels: Tensor,
        weight: Tensor | None,
        sigmoid: bool,
        ignore_index: int,
        moments: Sequence[Moment],
    ) -> None:
        self.kept = [tensor.contiguous() for tensor in (logits, labels, *([] if weight is None else [weight]))]
        n, c, *space = logits.shape
        _require(list(labels.shape) == [n, c if sigmoid else 1, *space], "labels", labels, logits)
        if weight is not None:
            _require(list(weight.shape) in ([n, 1, *space], [n, c if sigmoid else 1, *space]), "weight", weight, logits)
            _require(weight.dtype == paddle.float32, "weight", weight, logits)
        _require(logits.dtype == paddle.float32 and 0 not in logits.shape, "logits", logits, logits)
        self.shape, self.count, self.size = (n, c), len(moments), int(np.prod(logits.shape))
        self.problem = _Problem(
            logits=self.kept[0].data_ptr(),
            labels=self.kept[1].data_ptr(),
            weight=None if weight is None else self.kept[2].data_ptr(),
            n=n,
            c=c,
            s=int(np.prod(space)),
            weight_channels=1 if weight is None else weight.shape[1],
            ignore=ignore_index,
            label_bytes=_label_bytes(labels),
            sigmoid=int(sigmoid),
        )
        self.moments = (_Moment * self.count)(*(_Moment(*moment) for moment in moments))

    def __call__(self, name: str, *addresses: int) -> None:
        """Run a kernel."""
        function = getattr(_native(), name)
        function(ctypes.byref(self.problem), self.moments, self.count, *addresses, threads(self.size))

    def table(self, values: Any) -> Any:
        """Numbers `[n, c, moments]` as the kernels read them."""
        return np.ascontiguousarray(np.broadcast_to(values, (*self.shape, self.count)), np.float64)


def _require(fits: bool, what: str, tensor: Tensor, logits: Tensor) -> None:
    if not fits:
        raise KernelError(
            f"{what}: {tensor.dtype} {list(tensor.shape)}, with logits {list(logits.shape)}.",
            "tensors of one problem, float32 where they are not labels",
            "this is a mistake in the package, please report it; PADDLESEG_LOSSES_KERNELS=composed avoids it",
        )


def refuse_second_derivatives() -> None:
    """Under create_graph gradients are enabled in a backward pass; a kernel would silently give zeros."""
    if paddle.is_grad_enabled():
        raise KernelError(
            "Second derivatives (create_graph=True) of a native kernel.",
            "first derivatives",
            "set PADDLESEG_LOSSES_KERNELS=composed: Paddle's own operators have them",
        )


def sums(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sigmoid: bool,
    ignore_index: int,
    moments: Sequence[Moment],
) -> Tensor:
    """Table `[N, C, moments]` of sums over the pixels of each sample and class.

    Args:
        logits: float32 `[N, C, *S]`; the gradient flows to them.
        labels: `[N, 1, *S]`, or `[N, C, *S]` under a sigmoid.
        weight: factor of what each pixel adds, float32 `[N, 1, *S]` (or `[N, C, *S]` under a sigmoid), or None.
        sigmoid: whether every channel is a problem of its own.
        ignore_index: label of pixels to leave out; labels out of range are left out too.
        moments: what to sum.
    """
    return _Sums.apply(logits, labels, weight, sigmoid, ignore_index, moments)


def values(
    logits: Tensor, labels: Tensor, coefficients: Any, sigmoid: bool, ignore_index: int, moments: Sequence[Moment]
) -> Tensor:
    """Functions of each pixel's error, added with coefficients `[N, C, moments]` of its label.

    Returns:
        `[N, 1, *S]` under a softmax, `[N, C, *S]` under a sigmoid, 0 where ignored.
    """
    return _Values.apply(logits, labels, coefficients, sigmoid, ignore_index, moments)


class _Sums(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, weight: Tensor | None, *problem: Any) -> Tensor:
        call = _Call(logits, labels, weight, *problem)
        table = np.empty((*call.shape, call.count))
        call("sums_forward", table.ctypes.data)
        ctx.save_for_backward(call.kept[0])
        ctx.problem = (labels, weight, *problem)
        return paddle.to_tensor(table, dtype="float32")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (logits,) = ctx.saved_tensor()
        call = _Call(logits, *ctx.problem)
        upstream, found = call.table(gradient.numpy()), paddle.empty_like(logits)
        call("sums_backward", upstream.ctypes.data, found.data_ptr())
        return found


class _Values(PyLayer):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, coefficients: Any, *problem: Any) -> Tensor:
        call = _Call(logits, labels, None, *problem)
        found, table = paddle.empty(labels.shape, "float32"), call.table(coefficients)
        call("pixel_values", table.ctypes.data, found.data_ptr())
        ctx.save_for_backward(call.kept[0])
        ctx.problem = (labels, table, problem)
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        (logits,) = ctx.saved_tensor()
        labels, table, problem = ctx.problem
        call = _Call(logits, labels, gradient, *problem)  # the values' gradient is the weight of their sums
        found = paddle.empty_like(logits)
        call("sums_backward", table.ctypes.data, found.data_ptr())
        return found
