"""The kernels for CUDA on a few numbers, against NumPy in float64: made before the first use of a card.

Nobody can try all cards and drivers, and a model trained on wrong gradients costs more than this: some launches and one
wait for each check, once in a process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import numpy as np
import paddle

from ...i18n import Text, _
from ...problem import Problem
from . import device
from .cuda_problem import SCALARS, CudaProblem
from .error_sums import error_sums, gradient
from .labels import compact_labels
from .pixelwise import pixel_values
from .self_test_maps import CHECKS as OF_MAPS
from .tiling import add_up

CLOSE = 1e-5  # relative to the largest number

Check = Callable[[Any], Iterator[tuple[Any, Any]]]  # from a place to what kernels make there, and what it should be

_LOGITS = np.array([[[1.5, -2.0, 0.25, 8.0], [0.5, 3.0, -1.0, -8.0], [-1.0, 0.0, 2.0, 0.5]]])  # short in half precision
_LABELS = {True: np.array([[[0, 1, 255, 2]]]), False: np.array([[[0, 1, 255, 1], [1, 0, 0, 0], [1, 1, 255, 0]]])}
# -log p of positives, and of negatives the error, or 1 - the error, for which a softmax has another kernel.
_SPECS = {"error": [(0, 4, 1.0, 0.0), (1, 2, 1.0, 0.0)], "correct": [(0, 4, 1.0, 0.0), (1, 1, 1.0, 0.0)]}


def _sums(place: Any) -> Iterator[tuple[Any, Any]]:
    parts = np.arange(2 * 300 * 3, dtype="float32").reshape(2, 300, 3)
    yield add_up(paddle.to_tensor(parts, place=place)), parts.sum(1, dtype="float64")


def _labels(place: Any) -> Iterator[tuple[Any, Any]]:
    compact = compact_labels(paddle.to_tensor(np.array([3, -1, 7, 255, 0]), place=place), 4, 255)
    yield compact.labels, np.array([3, 255, 255, 255, 0])
    yield paddle.stack([compact.wrong, compact.any_valid]).astype("int32"), np.ones(2)


def _error_sums(place: Any) -> Iterator[tuple[Any, Any]]:
    yield from _sums_of(place, True, "correct")
    for of_negatives in _SPECS:
        yield from _sums_of(place, False, of_negatives)


def _kept_sums(place: Any) -> Iterator[tuple[Any, Any]]:
    yield from _sums_of(place, True, "error", "uint8")


def _sums_of(place: Any, multiclass: bool, of_negatives: str, labels: str = "int64") -> Iterator[tuple[Any, Any]]:
    specs, (sums, slope) = _SPECS[of_negatives], _expected(multiclass, of_negatives)
    for dtype in SCALARS:
        given = _problem(place, multiclass, dtype, labels)
        yield error_sums(given, specs), sums
        if dtype == paddle.float32:
            upstream = paddle.to_tensor(np.tile(np.array([1.0, 2.0], np.float32), (1, 3, 1)), place=place)
            yield gradient(CudaProblem(given), specs, upstream), slope


def _pixel_values(place: Any) -> Iterator[tuple[Any, Any]]:
    for multiclass in (True, False):
        nll = _parts(multiclass)[0]
        values = nll.sum(1, keepdims=True) if multiclass else nll
        yield pixel_values(_problem(place, multiclass, paddle.float32), _SPECS["error"][:1], [(1.0, 1.0)]), values


def _problem(place: Any, multiclass: bool, dtype: Any, of_labels: str = "int64") -> Problem:
    logits = paddle.to_tensor(_LOGITS.astype("float32"), place=place).astype(dtype)
    labels = paddle.to_tensor(_LABELS[multiclass].astype(of_labels), place=place)
    return Problem(logits, labels, "multiclass" if multiclass else "multilabel")


def _parts(multiclass: bool) -> tuple[Any, Any, tuple[Any, Any], Any]:
    """Of each pixel and class -log p of positives, the error of negatives, their slopes, and where it is a negative."""
    labels, z = _LABELS[multiclass], _LOGITS
    own, valid = (labels == (np.arange(3)[:, None] if multiclass else 1)), labels != 255
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True) if multiclass else 1 / (1 + np.exp(-z))
    nll, error = np.where(own & valid, -np.log(p), 0), np.where(~own & valid, p, 0)
    of_nll = np.where(valid, p - own, 0) if multiclass else np.where(own, p - 1, 0)
    right = (p * own).sum(1, keepdims=True)
    of_error = -right * (own - p) * valid if multiclass else error * (1 - p)
    return nll, error, (of_nll, of_error), ~own & valid


def _expected(multiclass: bool, of_negatives: str) -> tuple[Any, Any]:
    """The sums, and the gradient of the first with twice the second."""
    nll, error, (of_nll, of_error), negative = _parts(multiclass)
    sign, other = (1, error) if of_negatives == "error" else (-1, np.where(negative, 1 - error, 0))
    return np.stack([nll.sum(-1), other.sum(-1)], axis=-1), of_nll + 2 * sign * of_error


CHECKS: dict[str, Check] = {
    "sums": _sums, "labels": _labels, "error_sums": _error_sums, "kept_sums": _kept_sums,
    "pixel_values": _pixel_values, **OF_MAPS,
}  # fmt: skip


def disagreement(index: int) -> Text | None:
    """What a card's kernels compute wrongly, if anything."""
    place = device.place_of(index)
    with paddle.no_grad():
        for name, check in CHECKS.items():
            for actual, expected in check(place):
                off = np.abs(actual.numpy().astype("float64") - expected).max() / np.abs(expected).max()
                if not off <= CLOSE:  # NaN too
                    return _("its kernels {name!r} are off by {off}", name=name, off=f"{off:.1e}")
    return None
