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


def composed_sums(
    inputs: Inputs, skip: int, values: Callable[[Tensor, Tensor], Tensor], reaches_others: bool = False
) -> Tensor:
    """Sums of `values(g, p - g)` over the valid pixels of each sample and channel from `skip` on, `[N, C - skip]`.

    They are weighted by the pixels' weights. All values are `[N, C - skip, *S]`, and p and g are 0 where ignored.

    Args:
        inputs: clean tensors.
        skip: channels before it are left out.
        values: of p = g = 0 they are 0.
        reaches_others: whether a pixel's value depends on other pixels, so that it may not be 0 where ignored.
    """
    terms = values(inputs.target[:, skip:], inputs.masked_excess[:, skip:])
    if reaches_others:
        terms = terms * (inputs.mask if inputs.multiclass else inputs.mask[:, skip:])
    return spatial_sum(inputs.weighed(terms))


def picked(x: Tensor, channels: list[int]) -> Tensor:
    """Some channels of `[N, C, *S]`; what all share, `[N, 1, *S]`, as it is."""
    if x.shape[1] == 1 or channels == list(range(x.shape[1])):
        return x
    first, last = channels[0], channels[-1]
    if channels == list(range(first, last + 1)):
        return x[:, first : last + 1]
    return x.index_select(constant(channels, "int64"), axis=1)
