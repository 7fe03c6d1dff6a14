"""Boundaries of regions: their size, and how far predicted ones lie from the true ones. None carries a gradient."""

from __future__ import annotations

from typing import Any

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..known_spacing import Spacing
from ..numeric import from_host, safe_divide, spatial_sum
from .each_sample import each_sample
from .edt import distance_to
from .shift import shifted

Tensor = Any


def boundary_mask(mask: Tensor, beyond: float) -> Tensor:
    """Pixels of a 0/1 mask with a direct neighbour outside it; `beyond` the image lies 0 or 1."""
    inside = mask
    for axis in range(2, mask.ndim):
        for step in (1, -1):
            inside = paddle.minimum(inside, shifted(mask, axis, step, beyond))
    return mask - inside


def boundary_counts(inputs: Inputs) -> Tensor:
    """Number of pixels on each true boundary, outside the image counted as outside the region, `[N, C]`."""
    kernel = find("boundary_counts", inputs.for_labels)
    if kernel is not None:
        return from_host(kernel(inputs.for_labels), inputs.dtype)
    return spatial_sum(boundary_mask(inputs.target, beyond=0.0))


def contour_errors(inputs: Inputs, spacing: Spacing | None) -> Tensor:
    """Mean distance of the decided contour to the true one where the decision is wrong, else 0.

    Returns:
        `[N, 1, *S]`, the mean over the classes from 1 on of which both contours exist; multilabel `[N, C, *S]`.
    """
    problem = inputs.for_labels if inputs.multiclass else inputs.scored_by_prob
    kernel = find("contour_errors", problem)
    if kernel is not None:
        return each_sample(problem, spacing, lambda one, steps, _here: kernel(one, steps))
    truth, guess = inputs.target, _decision(inputs)
    predicted_boundary, true_boundary = (boundary_mask(mask, beyond=1.0) for mask in (guess, truth))
    distance = distance_to(true_boundary > 0, spacing, truth.dtype)
    size, true_size = spatial_sum(predicted_boundary), spatial_sum(true_boundary)
    error = safe_divide(spatial_sum(predicted_boundary * distance), size)
    known = paddle.logical_and(size > 0, true_size > 0).astype(error.dtype)
    wrong = (truth != guess).astype(error.dtype)
    if inputs.multiclass:
        error, known = error[:, 1:], known[:, 1:]
        error = safe_divide((error * known).sum(axis=1, keepdim=True), known.sum(axis=1, keepdim=True))
        wrong = wrong.amax(axis=1, keepdim=True)
    else:
        error = error * known
    return error.unsqueeze(list(range(2, truth.ndim))) * wrong


def _decision(inputs: Inputs) -> Tensor:
    """0/1 masks of the predicted classes."""
    if not inputs.multiclass:
        return (inputs.prob > 0.5).astype(inputs.prob.dtype) * inputs.mask
    best = inputs.logits.argmax(axis=1, keepdim=True)
    return inputs.one_hot(best) * inputs.mask
