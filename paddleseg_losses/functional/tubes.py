"""Tubes around the skeletons of true regions (Kirchhoff et al. 2024), which labels alone tell; without a gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import paddle

from ..errors import InputError
from ..i18n import _
from ..inputs import Inputs
from ..kernels import find
from ..numeric import constant, from_host, shape_of
from ..precomputed_maps import Tubes
from .shift import shifted
from .thinning import AROUND, TABLE, host_tubes

Tensor = Any


def in_tubes(inputs: Inputs, radius: int, merge: bool) -> Inputs:
    """The same call in which the pixels of the tubes alone count, those of each class in its own.

    Args:
        inputs: with hard labels.
        radius: steps along the axes that a pixel may be away from the skeleton.
        merge: whether all classes of a softmax from 1 on are one region, with one skeleton.
    """
    return inputs.memoize(_in_tubes, radius, merge)


def _in_tubes(inputs: Inputs, radius: int, merge: bool) -> Inputs:
    with paddle.no_grad():
        make = _on_host if paddle.in_dynamic_mode() else _in_graph
        inside = make(inputs, radius, merge)
        if find("error_sums", inputs.problem) is None:
            return inputs.restricted(inside)
        labels = inputs.problem.labels.astype("int32")
        return inputs.with_problem(
            replace(inputs.problem, labels=paddle.where(inside, labels, paddle.full([], -1, "int32")))
        )


def _on_host(inputs: Inputs, radius: int, merge: bool) -> Tensor:
    """The tubes, bool of the labels' shape: those that are known, or thinned on the host."""
    problem, known = inputs.problem, Tubes.here()
    if known is not None:
        tubes = known.find(inputs.labels, inputs.valid, radius, merge, inputs.multiclass and inputs.channels > 2)
        if tubes is not None:
            return tubes
    if problem.valid is None:
        labels = problem.labels.numpy()
    else:
        labels = np.where(inputs.valid.numpy(), inputs.labels.numpy(), -1)
    flat = labels.reshape(-1, *labels.shape[2:])
    inside = from_host(host_tubes(flat, problem.classes, problem.ignore_index, radius, merge), "bool")
    inside = inside.cpu() if problem.labels.place.is_cpu_place() else inside
    return inside.reshape(labels.shape)


def _in_graph(inputs: Inputs, radius: int, merge: bool) -> Tensor:
    """The tubes in a static graph, bool of the labels' shape: flat images alone, whose passes remove pixels at once."""
    if inputs.axes > 2:
        raise InputError(
            _("Skeletons of volumes in a static graph."),
            _("images with 1 or 2 axes: the voxels of a volume are removed one by one, by code for the host"),
            _("leave full_graph=True out of to_static, so that the loss runs as it is"),
        )
    regions = inputs.target > 0
    if inputs.multiclass:
        regions = regions[:, 1:]
        regions = regions.any(axis=1, keepdim=True) if merge else regions
    image = (regions if inputs.axes == 2 else regions.unsqueeze(2)).astype("int32")
    near = _widened(_thinned(image), radius) > 0
    tubes = paddle.logical_and(near if inputs.axes == 2 else near.squeeze(2), regions)
    return tubes.any(axis=1, keepdim=True) if inputs.multiclass else tubes


def _thinned(image: Tensor) -> Tensor:
    """The skeleton of int32 masks of 0 and 1."""

    def goes_on(_image: Tensor, removed: Tensor) -> Tensor:
        return removed > 0

    def round_of_passes(image: Tensor, _removed: Tensor) -> list[Tensor]:
        thinner = image
        for bit in (1, 2):
            thinner = thinner * _stays(thinner, bit)
        return [thinner, (image - thinner).max()]

    # Paddle frees what a loop is given: nobody else may read it.
    return paddle.static.nn.while_loop(goes_on, round_of_passes, [image, paddle.ones([], "int32")])[0]


def _stays(image: Tensor, bit: int) -> Tensor:
    """1 where a pass leaves a pixel, else 0."""
    index = paddle.zeros_like(image)
    for i, (y, x) in enumerate(AROUND):
        there = image if y == 0 else shifted(image, 2, y, 0)
        index = index + (there if x == 0 else shifted(there, 3, x, 0)) * (1 << i)
    stays = constant((TABLE & bit) == 0, "int32")
    return paddle.gather(stays, index.flatten()).reshape(shape_of(image))


def _widened(image: Tensor, radius: int) -> Tensor:
    for _step in range(radius):
        wider = image
        for axis in (2, 3):
            for step in (1, -1):
                wider = paddle.maximum(wider, shifted(image, axis, step, 0))
        image = wider
    return image
