"""Maps of a problem's channels, as `source/maps.cuh` takes them, and the blocks over their pixels."""

from __future__ import annotations

import ctypes
from typing import Any

import paddle

from ...errors import KernelError
from ...i18n import _
from ...problem import Problem
from .cuda_problem import CudaProblem, Labels

Tensor = Any

THREADS = 256  # of every block
MOST = 2**30 - 1  # pixels of a map, which are numbered with 32 bits


class Maps(ctypes.Structure):
    """Which maps there are, and the labels of their pixels."""

    _fields_ = (
        ("labels", Labels),
        ("channels", ctypes.c_int32),
        ("skip", ctypes.c_int32),
        ("sigmoid", ctypes.c_int32),
        ("depth", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
    )


def maps_of(problem: CudaProblem, skip: int = 0) -> Maps:
    """Maps of a problem, whose labels have to live as long as they are read; channels before `skip` are left out."""
    if problem.s > MOST:
        raise KernelError(
            _("The logits have shape {shape}.", shape=list(problem.scores.shape)),
            _("fewer than 2^30 pixels in a map"),
            _("crop the images, or set {setting}", setting="PADDLESEG_LOSSES_KERNELS=composed"),
        )
    sizes = volume(problem.problem.space)
    return Maps(problem.label_struct, problem.c, skip, int(not problem.multiclass), *sizes)


def with_floats(problem: Problem) -> Problem:
    """The same problem with scores in float32, which the kernels of probabilities read."""
    scores = problem.scores
    return problem if scores.dtype == paddle.float32 else problem.with_scores(scores.astype("float32"))


def volume(space: list[int]) -> tuple[int, int, int]:
    """Depth, height and width of an image with one to three axes."""
    depth, height, width = [1] * (3 - len(space)) + [int(size) for size in space]
    return depth, height, width


def blocks(size: int, tile: int = THREADS) -> int:
    """How many blocks cover a map."""
    return -(-size // tile)
