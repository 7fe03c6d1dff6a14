"""Arrays and labels of unusual types, as Tensors that hold what they mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

Tensor = Any

_TINY = 2.0**-100  # integers below 3456 look like smaller numbers where their 16 bits are read as bfloat16
_LARGEST = 65536.0


def tensor_of(array: Any) -> Tensor:
    """A Tensor of an array of real numbers; medical images come in foreign byte orders, or as long doubles."""
    if array.dtype.kind != "f":
        return paddle.to_tensor(array.astype("int64"))  # Paddle reads uint16, a common type of masks, as bfloat16
    double = array.dtype.itemsize > 8
    return paddle.to_tensor(array.astype("float64" if double else array.dtype.newbyteorder("=")))


def filled(array: Any, ignore_index: int) -> Any:
    """A masked array of labels with the ignored label where it is masked."""
    wide = array.astype("float64" if array.dtype.kind == "f" else "int64")
    return np.ma.filled(wide, ignore_index)  # type: ignore[no-untyped-call]


def of_truth_values(labels: Tensor) -> Tensor:
    """Truth values as 0 and 1: those of a 1-bit PNG are stored as 255, and `astype` would give that."""
    return paddle.where(labels, paddle.full([], 1, "int64"), paddle.full([], 0, "int64"))


def indices_of_bfloat16(labels: Tensor) -> Tensor:
    """Class indices of bfloat16: whole numbers as such, else the integers of 16 bits that a loader has misread."""
    numbers, bits = _both(labels)
    size = numbers.abs()
    whole = paddle.logical_and(paddle.logical_and(size >= 1, size <= _LARGEST), numbers == numbers.floor())
    return paddle.where(whole, numbers.astype("int64"), bits)


def shares_of_bfloat16(labels: Tensor) -> Tensor:
    """Shares of bfloat16, unless all are 0 or hardly more: those are integers of 16 bits that a loader has misread."""
    numbers, bits = _both(labels)
    with paddle.no_grad():
        sizes = paddle.where(paddle.isnan(numbers), paddle.zeros_like(numbers), numbers.abs())
        misread = sizes.max() < _TINY
    return paddle.where(misread, bits.astype("float32"), numbers)


def _both(labels: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers, and the integers of the same 16 bits."""
    with paddle.no_grad():
        bits = paddle.view(labels.detach(), "int16").astype("int64")
        bits = paddle.where(bits < 0, bits + 65536, bits)
    return labels.astype("float32"), bits
