"""The checks of `self_test` for kernels of maps and of sorted errors: few pixels, against NumPy in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import numpy as np
import paddle

from ...problem import Problem
from .boundary_proximity import region_proximity
from .centerline import centerline_sums
from .distance_weighted import hausdorff_sums
from .edt import distance_map
from .lovasz import lovasz_rows
from .probabilities import probabilities

Array = Any
Pairs = Iterator[tuple[Any, Any]]

_LABELS = np.array([[0, 0, 0, 1, 1], [0, 255, 1, 1, 2], [0, 1, 1, 1, 2], [0, 0, 1, 1, 1]])
_OWN, _VALID = np.arange(3)[:, None, None] == _LABELS, _LABELS != 255
_LOGITS = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32").astype("float64")
_P = np.exp(_LOGITS) / np.exp(_LOGITS).sum(0) * _VALID
_P = _P.astype("float32").astype("float64")


def _edt(place: Any) -> Pairs:
    for squared in (False, True):
        yield distance_map(_tensor(_OWN, place), (1.0, 2.0), squared), _distances(_OWN, 2.0) ** (1 + squared)


def _boundary_proximity(place: Any) -> Pairs:
    depth = (_distances(_OWN, 2.0) * _OWN).max(axis=(1, 2), keepdims=True) - _distances(_OWN, 2.0)
    yield region_proximity(_problem(_LOGITS, place), False, (1.0, 2.0)), (depth * _OWN).sum(0)


def _distance_weighted(place: Any) -> Pairs:
    weight = _distances(_OWN) ** 2 + _distances(_P > 0.5) ** 2
    error = (_P - _OWN) * _VALID
    sums = (error**2 * weight).sum(axis=(1, 2))
    yield from _with_gradient(lambda problem: hausdorff_sums(problem, 0, None, 2.0, False), _P, place, sums,
                              2 * error * weight)  # fmt: skip


def _probabilities(place: Any) -> Pairs:
    square = 2 * _P * _P
    slope = square - _P * square.sum(0)
    yield from _with_gradient(lambda problem: probabilities(problem) ** 2, _LOGITS, place, _P**2, slope)


def _lovasz(place: Any) -> Pairs:
    rows, slopes = [], np.zeros(_P.shape)
    for own, error, slope in zip(_OWN, np.abs(_OWN - _P), slopes):
        order = np.argsort(-error[_VALID])
        positive = own[_VALID][order]
        union = positive.sum() + np.cumsum(~positive)
        growth = np.diff(1 - (positive.sum() - np.cumsum(positive)) / union, prepend=0)
        rows.append((error[_VALID][order] * growth).sum())
        unsorted = np.empty(len(order))
        unsorted[order] = np.where(positive, -growth, growth)
        slope[_VALID] = unsorted
    slope = _P * (slopes - (_P * slopes).sum(0))
    yield from _with_gradient(lambda problem: lovasz_rows(problem, False)[0], _LOGITS, place, np.array(rows), slope)


def _centerline(place: Any) -> Pairs:
    def sums(p: Array) -> Array:
        predicted, true = _skeleton(p), _skeleton(_OWN.astype("float64"))
        parts = [predicted * ~_OWN, predicted, true * (1 - p), true]
        return np.stack([part.sum(axis=(1, 2)) for part in parts], axis=-1)

    step = 1e-6 * np.eye(_P.size).reshape(-1, *_P.shape)
    slope = np.array([(sums(_P + each) - sums(_P - each)).sum() / 2e-6 for each in step]).reshape(_P.shape) * _VALID
    yield from _with_gradient(lambda problem: centerline_sums(problem, 0, 1), _P, place, sums(_P), slope)


def _with_gradient(make: Callable[[Problem], Any], scores: Array, place: Any, expected: Array, slope: Array) -> Pairs:
    """What is made of scores, and the gradient of its sum."""
    with paddle.enable_grad():
        x = _tensor(scores[None].astype("float32"), place)
        x.stop_gradient = False
        made = make(_problem(x, place))
        yield made.detach(), expected
        yield paddle.grad(made.sum(), x)[0], slope


def _problem(scores: Any, place: Any) -> Problem:
    scores = scores if paddle.is_tensor(scores) else _tensor(scores[None].astype("float32"), place)
    return Problem(scores, _tensor(_LABELS[None, None], place), "multiclass")


def _tensor(array: Array, place: Any) -> Any:
    return paddle.to_tensor(array if array.ndim > 3 else array[None], place=place)


def _distances(masks: Array, width: float = 1.0) -> Array:
    """Of every pixel, `width` wide, to the nearest one on the other side of its mask; 0 if there is none."""
    y, x = (axis.ravel() for axis in np.mgrid[: masks.shape[1], : masks.shape[2]])
    away = np.hypot(y[:, None] - y, (x[:, None] - x) * width)
    flat = masks.reshape(len(masks), -1)
    nearest = np.where(flat[:, :, None] != flat[:, None], away, np.inf).min(axis=-1)
    return np.where(np.isinf(nearest), 0, nearest).reshape(masks.shape)


def _skeleton(x: Array) -> Array:
    """The soft skeleton after one erosion."""
    skeleton = np.zeros_like(x)
    for _step in range(2):
        around = _around(x)
        eroded = np.min([around[i] for i in (1, 3, 4, 5, 7)], axis=0)
        ridge = np.maximum(x - np.max(_around(eroded), axis=0), 0)
        skeleton, x = skeleton + ridge * (1 - skeleton), eroded
    return skeleton


def _around(x: Array) -> list[Array]:
    """The full window of 3; beyond the image the last pixel again."""
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1)), "edge")
    return [wide[:, i : i + x.shape[1], j : j + x.shape[2]] for i in range(3) for j in range(3)]


CHECKS = {
    "boundary_proximity": _boundary_proximity,
    "centerline": _centerline,
    "distance_weighted": _distance_weighted,
    "edt": _edt,
    "lovasz": _lovasz,
    "probabilities": _probabilities,
}
