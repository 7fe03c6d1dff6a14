"""Which implementation of an operation runs: the first backend that has it and supports the problem.

An operation is a function of a `Problem` and of its options; it has the same signature in every backend, and gradients
flow through it. Where no backend has one, `functional/` composes it of Paddle's operators.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Callable

import paddle

from ..i18n import Text
from ..problem import Problem
from . import loader
from .cuda import device as cuda
from .cuda.cuda_problem import LABELS, MOST_CLASSES, SCALARS
from .loader import library

Tensor = Any

LABEL_TYPES = frozenset((paddle.uint8, paddle.int32, paddle.int64))  # looked up faster than compared


def on_cpu(x: Tensor) -> bool:
    """Whether native code can read a tensor: on a CPU, outside static graphs."""
    here = paddle.in_dynamic_mode() and x.place.is_cpu_place() and cuda.index_of(x) is None
    return bool(here and library() is not None)


def on_card(x: Tensor) -> bool:
    """Whether kernels for CUDA can read a tensor."""
    return cuda.supports(x)


def readable(x: Tensor, half: bool = True) -> Tensor:
    """Numbers in float64, in half precision (if wanted) where kernels read that as it is, else in float32."""
    dtype = x.dtype
    if dtype in (paddle.float32, paddle.float64):
        return x
    return x if half and dtype in (paddle.float16, paddle.bfloat16) and cuda.supports(x) else x.astype("float32")


def _native_supports(problem: Problem) -> bool:
    hard = problem.labels.dtype in LABEL_TYPES and problem.valid is None and not problem.label_sets
    return hard and problem.from_logits and problem.scores.dtype == paddle.float32 and on_cpu(problem.scores)


def _native_supports_soft(problem: Problem) -> bool:
    plain = problem.soft and problem.valid is None and problem.labels.stop_gradient  # targets get no gradient from it
    return plain and problem.from_logits and problem.labels.dtype == paddle.float32 and on_cpu(problem.scores)


def _cuda_supports(problem: Problem) -> bool:
    hard = problem.labels.dtype in LABELS and problem.valid is None and not problem.label_sets and not problem.soft
    logits = problem.from_logits and problem.scores.dtype in SCALARS and problem.channels <= MOST_CLASSES
    return hard and logits and cuda.supports(problem.scores) and cuda.supports(problem.labels)


@dataclass(frozen=True)
class Backend:
    """Kernels for one kind of device."""

    name: str
    supports: Callable[[Problem], bool]
    operations: Mapping[str, str]  # the module below `kernels` that has each


BACKENDS: tuple[Backend, ...] = (
    Backend(
        name="native",
        supports=_native_supports,
        operations={
            "active_boundary_mean": "active_boundary",
            "active_contour_errors": "active_contour",
            "ball_filter_sums": "ball_filter",
            "boundary_counts": "contours",
            "boundary_f1_errors": "boundary_f1",
            "boundary_sums": "distance_weighted",
            "calibration_sums": "calibration",
            "centerline_sums": "centerline",
            "class_counts": "labels",
            "confusion_sums": "confusion",
            "contour_errors": "contours",
            "erosion_sums": "erosion",
            "error_sums": "error_sums",
            "folded_probabilities": "probabilities",
            "hausdorff_sums": "distance_weighted",
            "keep_top_k": "top_k",
            "label_means": "label_means",
            "label_misses": "misses",
            "label_weights": "error_sums",
            "lovasz_rows": "lovasz",
            "margin_total": "margin",
            "nacl_penalty": "window",
            "pixel_values": "pixelwise",
            "pixel_total": "pixelwise",
            "probabilities": "probabilities",
            "radius_sums": "radius_sums",
            "region_proximity": "boundary_proximity",
            "similarity_errors": "similarity",
            "ssl_sum": "window",
        },
    ),
    Backend(
        name="native, soft targets",
        supports=_native_supports_soft,
        operations={"soft_similarity_errors": "similarity", "soft_sums": "soft_targets"},
    ),
    Backend(
        name="cuda",
        supports=_cuda_supports,
        operations={
            "boundary_sums": "cuda.distance_weighted",
            "centerline_sums": "cuda.centerline",
            "compact_labels": "cuda.labels",
            "error_sums": "cuda.error_sums",
            "folded_probabilities": "cuda.probabilities",
            "hausdorff_sums": "cuda.distance_weighted",
            "lovasz_rows": "cuda.lovasz",
            "pixel_values": "cuda.pixelwise",
            "probabilities": "cuda.probabilities",
            "region_proximity": "cuda.boundary_proximity",
        },
    ),
)


def status(try_gpus: bool = False) -> dict[str, Text]:
    """What is active and why, for people; of GPUs what has been found out so far, or is found out now."""
    if try_gpus:
        cuda.try_cards()
    facts, reason = loader.status(), cuda.status()
    if facts["mode"] == "composed":
        reason = f"{loader.VARIABLE}=composed"
    return {**facts, "gpu": "cuda" if reason is None else "composed", "gpu_kernels": reason or cuda.known()}


@cache
def _module(name: str) -> Any:
    return importlib.import_module(f"{__package__}.{name}")


def find(operation: str, problem: Problem) -> Callable[..., Any] | None:
    """An operation of the first backend that has it and supports the problem; None if it has to be composed."""
    for backend in BACKENDS:
        if operation in backend.operations and backend.supports(problem):
            return getattr(_module(backend.operations[operation]), operation)  # type: ignore[no-any-return]
    return None
