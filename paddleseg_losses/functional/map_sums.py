"""Sums over pixels of a function of p and g: what losses of whole maps share where no kernel makes them."""

from __future__ import annotations

from typing import Any, Callable

from ..inputs import Inputs
from ..numeric import constant, spatial_sum

Tensor = Any


def composed_sums(inputs: Inputs, skip: int, values: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """Sums of `values(p, g, p - g)` over the valid pixels of each sample and channel from `skip` on, `[N, C - skip]`.

    All are `[N, C - skip, *S]`, and 0 where ignored.
    """
    mask, g = inputs.mask.expand_as(inputs.prob), inputs.target
    p, excess = inputs.prob * mask, inputs.excess * mask
    return spatial_sum(values(p[:, skip:], g[:, skip:], excess[:, skip:]) * mask[:, skip:])


def picked(x: Tensor, channels: list[int]) -> Tensor:
    """Some channels of `[N, C, *S]`; what all share, `[N, 1, *S]`, as it is."""
    if x.shape[1] == 1 or channels == list(range(x.shape[1])):
        return x
    first, last = channels[0], channels[-1]
    if channels == list(range(first, last + 1)):
        return x[:, first : last + 1]
    return x.index_select(constant(channels, "int64"), axis=1)
