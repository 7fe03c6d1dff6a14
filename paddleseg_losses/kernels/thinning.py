"""Tubes around the skeletons of true regions, by the kernel `native/neighbourhood/thinning.cpp`; no gradient."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from .ctypes_args import grid
from .loader import threads
from .native_problem import function
from .signatures import structs

BYTES = {"uint8": 1, "int32": 4, "int64": 8}


def host_tubes(labels: Any, classes: int, ignore_index: int, radius: int, merge: bool) -> Any:
    """Which pixels lie near the skeleton of their class: uint8 of the labels' shape; on arrays, without Paddle.

    Args:
        labels: class indices `[M, *S]`, of which 0 is the background.
        classes: number of classes; labels out of range are left out, as those to ignore are.
        ignore_index: label of pixels to leave out.
        radius: steps along the axes that a pixel of the tube may be away from the skeleton.
        merge: whether all classes from 1 on are one region, with one skeleton.
    """
    image = grid(labels.shape[1:], numbered=True)
    labels = np.ascontiguousarray(labels, labels.dtype if labels.dtype.name in BYTES else "int64")
    tubes = np.empty(labels.shape, np.uint8)
    problem = structs()["Problem"](
        labels=labels.ctypes.data,
        n=len(labels),
        c=classes,
        s=math.prod(labels.shape[1:]),
        ignore=ignore_index,
        label_bytes=BYTES[labels.dtype.name],
    )
    run = function("thinning_tubes")
    run(ctypes.byref(problem), *image, radius, int(merge), tubes.ctypes.data, threads(labels.size))
    return tubes
