"""Sums over pixels of a function of p and g: what losses of whole maps share where no kernel makes them."""

from __future__ import annotations

from typing import Any, Callable

from ..inputs import Inputs
from ..kernels import find
from ..numeric import constant, spatial_sum

Tensor = Any


def map_kernel(operation: str, inputs: Inputs) -> Callable[..., Any] | None:
    """A kernel that works on probabilities, if there is one: none knows weights of pixels."""
    return find(operation, inputs.of_probabilities) if inputs.pixel_weight is None else None


def composed_sums(inputs: Inputs, skip: int, values: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """Sums of `values(p, g, p - g)` over the valid pixels of each sample and channel from `skip` on, `[N, C - skip]`.

    They are weighted by the pixels' weights. All values are `[N, C - skip, *S]`, and 0 where ignored.
    """
    mask, g = inputs.mask.expand_as(inputs.prob), inputs.target
    p, excess = inputs.prob * mask, inputs.excess * mask
    return spatial_sum(inputs.weighed(values(p[:, skip:], g[:, skip:], excess[:, skip:]) * mask[:, skip:]))


def picked(x: Tensor, channels: list[int]) -> Tensor:
    """Some channels of `[N, C, *S]`; what all share, `[N, 1, *S]`, as it is."""
    if x.shape[1] == 1 or channels == list(range(x.shape[1])):
        return x
    first, last = channels[0], channels[-1]
    if channels == list(range(first, last + 1)):
        return x[:, first : last + 1]
    return x.index_select(constant(channels, "int64"), axis=1)
