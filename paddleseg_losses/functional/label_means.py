"""Labels smoothed over the neighbourhood of each pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import safe_divide
from .shift import shifted
from .soft_targets import LEFT_OUT

Tensor = Any

MOST = 10**6  # steps whose weights are added one by one; those of a window that is wider hardly differ


def smoothed_labels(inputs: Inputs, half: int, sigma: float) -> Inputs:
    """The same call with soft targets: half a pixel's own label, half the Gaussian mean of its neighbours' labels.

    Beyond the image its edges are repeated; ignored neighbours are left out. Of hard labels, without gradient.

    Args:
        inputs: with hard labels.
        half: pixels on each side of a window, at least 1.
        sigma: width of the weights.
    """
    steps = step_weights(sigma, max(inputs.problem.reach(half), 1), half)
    with paddle.no_grad():
        kernel = find("label_means", inputs.problem)
        shares = mixed_labels(inputs, *steps) if kernel is None else kernel(inputs.problem, *steps)
    problem = replace(inputs.problem, labels=shares.detach(), soft=True, valid=None, ignore_index=LEFT_OUT)
    return inputs.with_problem(problem)


def mixed_labels(inputs: Inputs, plain: Sequence[float], scaled: Sequence[float]) -> Tensor:
    """The shares `[N, C, *S]` by Paddle's operators, `LEFT_OUT` where a pixel does not count."""
    labels, valid = (x + _neighbour_mean(x, plain, scaled) for x in (inputs.target, inputs.mask))
    shares, left_out = safe_divide(labels, valid.expand_as(labels)), paddle.full([], LEFT_OUT, labels.dtype)
    return paddle.where(inputs.valid, shares, left_out)


def step_weights(sigma: float, reach: int, half: int) -> tuple[list[float], list[float]]:
    """Weights of 1 ... `reach` steps along an axis, beside 1 for none, and the same divided by that of one step.

    The second ones are numbers however narrow the window is. What lies further away than the image is wide shows its
    edge too, as the last step does.
    """
    width = min(max(sigma, 1e-100), 1e100)
    distance = np.arange(1, min(half, MOST) + 1, dtype="float64")
    further = max(half - MOST, 0) * math.exp(-((MOST / width) ** 2) / 2)
    weights = []
    for least in (0.0, 1.0):
        each = np.exp(-(distance**2 - least) / width / width / 2)
        weights.append([*each[: reach - 1], each[reach - 1 :].sum() + further])
    return weights[0], weights[1]


def _neighbour_mean(x: Tensor, plain: Sequence[float], scaled: Sequence[float]) -> Tensor:
    """The mean over a window without its centre, which is separable all but for that."""
    rest, total = _around(x, 2, scaled), 2 * sum(scaled)
    for axis in range(3, x.ndim):
        rest = rest + _around(rest, axis, plain) + _around(x, axis, scaled)
        total += total * 2 * sum(plain) + 2 * sum(scaled)
    return rest / total


def _around(x: Tensor, axis: int, weights: Sequence[float]) -> Tensor:
    """Sum of the pixels on both sides along an axis, by their distance."""
    total, before, after = paddle.zeros_like(x), x, x
    for weight in weights:
        before, after = shifted(before, axis, -1, None), shifted(after, axis, 1, None)
        total = total + (before + after) * paddle.full([], weight, x.dtype)
    return total
