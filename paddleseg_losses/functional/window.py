"""Pixels against their windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

import paddle
import paddle.nn.functional as F

from ..inputs import Inputs
from ..kernels import find
from ..numeric import grand_total, magnitude, safe_divide, softplus
from .shift import shifted

Tensor = Any


def window_mean(x: Tensor, weights: Sequence[float]) -> Tensor:
    """Sum over a separable window, the same 1-D weights along every axis; outside the image is 0."""
    half = len(weights) // 2
    for axis in range(2, x.ndim):
        total = x * weights[half]
        before = after = x
        for distance in range(1, half + 1):
            before, after = shifted(before, axis, -1, 0.0), shifted(after, axis, 1, 0.0)
            total = total + before * weights[half - distance] + after * weights[half + distance]
        x = total
    return x


def nacl_penalty(inputs: Inputs, weights: Sequence[float], squared: bool) -> Tensor:
    """Sum of |d| or d^2 over the valid pixels of all classes, d = (window of the one-hot labels) - z."""
    kernel = find("nacl_penalty", inputs.problem)
    if kernel is not None:
        return kernel(inputs.problem, weights, squared)
    gap = window_mean(inputs.target, weights) - inputs.logits
    return grand_total((gap**2 if squared else magnitude(gap)) * inputs.mask)


def ssl_mean(
    inputs: Inputs,
    window: Sequence[float],
    c4: float,
    beta: float,
    weights: Callable[[Inputs], tuple[Tensor, Tensor]],
) -> Tensor:
    """Sum of e f BCE over the pixels and channels, over that of f; `weights` computes both by `ssl_weights`."""
    kernel = find("ssl_sum", inputs.problem)
    if kernel is not None:
        total, count = kernel(inputs.problem, window, c4, beta)
        return total / max(count, 1.0)
    if inputs.problem.from_logits:
        entropy = softplus(paddle.where(inputs.target > 0, -inputs.logits, inputs.logits))  # of hard labels
    else:
        entropy = -(inputs.target * inputs.log_prob + (1 - inputs.target) * inputs.log_one_minus_prob)
    with paddle.no_grad():  # the logits are attached before it: a static graph would make them without a gradient
        weight, size = weights(inputs)
    weight = weight.detach()  # Paddle 2.6 knows no `no_grad` in a static graph
    return grand_total(weight * entropy) / size.clip(min=1)  # a NaN stays one


def ssl_weights(inputs: Inputs, window: Sequence[float], c4: float, beta: float) -> tuple[Tensor, Tensor]:
    """The product e f of every pixel and channel, and the sum of f.

    With e how much prediction and truth, each standardised in the window, differ, and f = 1 where e is above beta times
    the largest e, else 0.
    """
    # All follows from d = p - g, which keeps its digits: the difference of two standardised maps would have none.
    mask, g = inputs.mask.astype("float64"), inputs.target.astype("float64")
    d = _excess_of_sigmoid(inputs).astype("float64") * mask
    total = window_mean(mask, window).expand_as(d)
    steady = paddle.full([], c4, "float64")  # Paddle 2.6 adds a number in float32
    mean, mean_d, mean_gd, mean_dd = (safe_divide(window_mean(x, window), total) for x in (g, d, g * d, d * d))
    variance, change = mean * (1 - mean), 2 * (mean_gd - mean * mean_d) + mean_dd - mean_d * mean_d
    deviation, deviation_p = variance.clip(min=0.0).sqrt(), (variance + change).clip(min=0.0).sqrt()
    spread = safe_divide(change, deviation + deviation_p)  # deviation_p - deviation
    error = (g - mean + steady) * spread / (deviation + steady) - (d - mean_d)
    error = (error / (deviation_p + steady)).abs() * mask
    kept = (error > beta * error.amax()).astype("float64")
    dtype = inputs.dtype
    return (error * kept).astype(dtype), grand_total(kept).astype(dtype)


def _excess_of_sigmoid(inputs: Inputs) -> Tensor:
    """The probability of each channel on its own minus its target; hard labels only."""
    if not (inputs.multiclass and inputs.problem.from_logits):
        return inputs.excess
    own = inputs.target > 0
    error = F.sigmoid(paddle.where(own, -inputs.logits, inputs.logits))
    return paddle.where(own, -error, error)
