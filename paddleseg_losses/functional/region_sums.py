"""Sums over the pixels of each sample and channel: all that a region loss needs to know of an image.

Sums add. A batch is the sum over its samples, several ranks are the sum over ranks, and the terms of a compound
share one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, TypeVar

import paddle
import paddle.distributed as dist

from .. import numeric
from ..differentiable import Differentiable
from ..inputs import Inputs
from . import error_sums
from .error_sums import COUNT, NEGATIVE, OVERLAP, POSITIVE, PROB_TRUE, SumSpec, negative_count, pixel_count, sum_of
from .soft_targets import overlap_sums

Tensor = Any
FEW = 0.03  # share of the negatives that are right, from which their sum is the rest, in all digits that matter
Sums = TypeVar("Sums", bound="RegionSums")


@dataclass(frozen=True)
class RegionSums:
    """Sums `[N, C]`, or `[C]` once pooled over the batch. Errors are summed on their own: P - TP would cancel."""

    tp: Tensor  # sum of p g
    fp: Tensor  # sum of p (1 - g)
    fn: Tensor  # sum of (1 - p) g

    @property
    def p(self) -> Tensor:
        """Sum of p."""
        return self.tp + self.fp

    @property
    def g(self) -> Tensor:
        """Sum of g."""
        return self.tp + self.fn

    def map(self: Sums, f: Callable[[Tensor], Tensor]) -> Sums:
        """Apply one function to every sum."""
        return type(self)(**{name: f(x) for name, x in vars(self).items()})

    def pooled(self: Sums) -> Sums:
        """Sums over the batch."""
        return self.map(lambda x: x.sum(axis=0))


@dataclass(frozen=True)
class ConfusionSums(RegionSums):
    """The same with what is left of the negatives, and the number of pixels."""

    tn: Tensor  # sum of (1 - p) (1 - g)
    count: Tensor  # valid pixels


@dataclass(frozen=True)
class SquaredSums(RegionSums):
    """The same with sums of squares."""

    p2: Tensor  # sum of p^2
    g2: Tensor  # sum of g^2
    pg: Tensor  # sum of p g, also for soft targets
    error2: Tensor  # sum of (p - g)^2, on its own: p2 + g2 - 2 pg would cancel


@dataclass(frozen=True)
class PoweredSums(RegionSums):
    """The same with the errors raised to a power, pixel by pixel."""

    fp_power: Tensor  # sum of p^gamma (1 - g)
    fn_power: Tensor  # sum of (1 - p)^gamma g
    negatives: Tensor  # valid pixels of other classes


@dataclass(frozen=True)
class DistanceSums(RegionSums):
    """The same with a distance between prediction and target, and the size that it is compared with."""

    distance: Tensor  # sum of |p - g|^gamma
    size: Tensor  # sum of p + g, or of p^2 + g^2


@dataclass(frozen=True)
class Statistics:
    """What a formula reads of an image: the sums over pixels it needs, and the `RegionSums` made of them."""

    needs: tuple[SumSpec, ...]
    make: Callable[..., Any]
    args: tuple[float, ...] = ()

    def of(self, inputs: Inputs) -> Any:
        """The sums of one call, computed at most once."""
        return inputs.memoize(self.make, *self.args)


def region_sums(inputs: Inputs) -> RegionSums:
    """TP, FP and FN of every sample and channel.

    For soft targets the overlap is (P + G - sum |p - g|) / 2, which is sum p g for hard ones and, unlike it, is
    largest at p = g.
    """
    if inputs.soft:
        return RegionSums(*overlap_sums(inputs))
    tp, fn, fp = (sum_of(inputs, *spec) for spec in OVERLAP)
    return RegionSums(tp=tp, fp=fp, fn=fn)


def confusion_sums(inputs: Inputs) -> ConfusionSums:
    """`region_sums` with TN and the number of pixels; TN of soft targets is the overlap of 1 - p and 1 - g."""
    sums, spec = REGION.of(inputs), SumSpec(NEGATIVE, PROB_TRUE)
    if inputs.soft:
        rest = paddle.where(inputs.excess > 0, inputs.one_minus_prob, 1 - inputs.target)
        tn = numeric.spatial_sum(rest * inputs.weighted_mask)
        return ConfusionSums(**vars(sums), tn=tn, count=pixel_count(inputs))
    negatives = negative_count(inputs) if error_sums.is_dear(inputs, spec) else None
    if negatives is not None and bool((negatives - sums.fp >= FEW * negatives).all()):
        tn = negatives - sums.fp
    else:
        tn = sum_of(inputs, *spec)  # has digits where nearly all negatives are wrong
    return ConfusionSums(**vars(sums), tn=tn, count=pixel_count(inputs))


def squared_sums(inputs: Inputs) -> SquaredSums:
    """`region_sums` with the sums of squares."""
    sums = REGION.of(inputs)
    if inputs.soft:
        p, g, m = inputs.prob, inputs.target, inputs.weighted_mask
        total = numeric.spatial_sum
        return SquaredSums(
            **vars(sums),
            p2=total(p * p * m),
            g2=total(g * g * m),
            pg=total(p * g * m),
            error2=total(inputs.excess**2 * m),
        )
    fn2, fp2 = (sum_of(inputs, *spec) for spec in _powers(2.0))
    # On a class's own pixels p^2 = (1 - p)^2 + 2 p - 1.
    return SquaredSums(**vars(sums), p2=fn2 + sums.tp - sums.fn + fp2, g2=sums.g, pg=sums.tp, error2=fn2 + fp2)


def powered_sums(inputs: Inputs, gamma: float) -> PoweredSums:
    """`region_sums` with sums of errors to the power gamma; hard labels only."""
    sums = REGION.of(inputs)
    fn_power, fp_power = (sum_of(inputs, *spec) for spec in _powers(gamma))
    return PoweredSums(**vars(sums), fp_power=fp_power, fn_power=fn_power, negatives=negative_count(inputs))


def distance_sums(inputs: Inputs, gamma: float, squared: bool) -> DistanceSums:
    """`region_sums` with the sum of |p - g|^gamma, soft targets too."""
    sums = REGION.of(inputs)
    if not inputs.soft:
        positive, negative = (sum_of(inputs, *spec) for spec in _powers(gamma))
        distance = positive + negative
    elif gamma == 1:
        distance = sums.fp + sums.fn
    else:
        distance = numeric.spatial_sum(numeric.power(inputs.excess.abs(), gamma) * inputs.weighted_mask)
    squares = SQUARED.of(inputs) if squared else None
    size = sums.p + sums.g if squares is None else squares.p2 + squares.g2
    return DistanceSums(**vars(sums), distance=distance, size=size)


_NEGATIVES = SumSpec(NEGATIVE, COUNT)


def _powers(gamma: float) -> tuple[SumSpec, SumSpec]:
    return SumSpec(POSITIVE, error_sums.power(gamma)), SumSpec(NEGATIVE, error_sums.power(gamma))


REGION = Statistics(needs=OVERLAP, make=region_sums)
CONFUSION = Statistics(needs=(*OVERLAP, SumSpec(NEGATIVE, PROB_TRUE)), make=confusion_sums)
SQUARED = Statistics(needs=(*OVERLAP, *_powers(2.0)), make=squared_sums)


def powered(gamma: float) -> Statistics:
    """REGION with errors to the power gamma."""
    return Statistics(needs=(*OVERLAP, *_powers(gamma), _NEGATIVES), make=powered_sums, args=(gamma,))


def distance(gamma: float, squared: bool) -> Statistics:
    """REGION with the sum of |p - g|^gamma, and of squares if `squared`."""
    needs = (*OVERLAP, *_powers(gamma), *(_powers(2.0) if squared else ()))
    return Statistics(needs=needs, make=distance_sums, args=(gamma, squared))


def over_ranks(x: Tensor) -> Tensor:
    """Sum over all ranks of data-parallel training."""
    return _AllReduce.apply(x) if dist.is_initialized() and dist.get_world_size() > 1 else x


class _AllReduce(Differentiable):
    """Sum over ranks whose gradient is right under data-parallel training.

    Paddle's `all_reduce` has an identity gradient. Every rank holds the same value of the sum, and data-parallel
    training averages gradients over ranks, so the gradient of a rank's own part is the number of ranks times it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad * dist.get_world_size()
