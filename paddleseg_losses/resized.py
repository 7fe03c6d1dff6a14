"""Labels at the size of an output: those of the nearest pixels, since an average of labels would be none."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

from .numeric import constant, gathered

Tensor = Any


def labels_at(output: Any, labels: Any, channels_last: bool = False) -> Any:
    """Labels, or weights of pixels, at the size of an output.

    What has that size already is handed back, and what does not fit, for the loss to refuse.

    Args:
        output: `[N, C, *S]`, with `channels_last` `[N, *S, C]`.
        labels: `[N, *D]`, `[N, 1, *D]` or `[N, C, *D]`, with `channels_last` `[N, *D, C]` too.
        channels_last: where the channels of the output are.
    """
    axes, shape = getattr(output, "ndim", 0) - 2, list(getattr(labels, "shape", ()))
    if axes < 1 or len(shape) not in (axes + 1, axes + 2) or 0 in shape:
        return labels
    first = 1 if channels_last else 2  # the first spatial axis of the output
    own = 1 if len(shape) == axes + 1 else _first_axis(list(output.shape), shape, channels_last)  # that of the labels
    if own is None:
        return labels
    for axis in range(axes):
        labels = _at_length(labels, own + axis, output, first + axis)
    return labels


def _first_axis(output: list[int], shape: list[int], channels_last: bool) -> int | None:
    """Which spatial axis of labels with channels comes first; None if their channels are not where they should be."""
    if not channels_last:
        return 2 if shape[1] in (1, output[1], -1) else None
    at_end, before = shape[-1] in (1, output[-1]), shape[1] == 1
    if at_end and before:  # an axis of the image looks like that of a single channel
        fits = shape[2:] == output[1:-1] or (shape[-1] == 1 and output[-2] == 1)
        return 2 if fits else 1
    return 1 if at_end else 2 if before else None


def _at_length(x: Any, axis: int, output: Tensor, like: int) -> Any:
    """Pixel i of d along an axis becomes pixel floor((2 i + 1) D / (2 d)) of D."""
    size, wanted = x.shape[axis], output.shape[like]
    if -1 in (size, wanted):  # in a static graph, where int16 has no shape
        x = x.astype("int32") if x.dtype == paddle.int16 else x
        size, wanted = paddle.shape(x)[axis].astype("int64"), paddle.shape(output)[like].astype("int64")
        places = paddle.arange(wanted, dtype="int64")
    elif size == wanted:
        return x
    else:
        places = np.arange(wanted)
    places = (2 * places + 1) * size // (2 * wanted)
    if not paddle.is_tensor(x):
        return x.take(places, axis=axis)
    places = places if paddle.is_tensor(places) else constant(places, "int64")
    return gathered(x, places, axis)
