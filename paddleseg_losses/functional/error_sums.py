"""Sums over pixels of functions of the error: all that most losses need to know of an image.

Each class sees two kinds of pixels: its own, where the error x is 1 - p, and the others, where it is p. With the cost
l = -log(1 - x), every overlap is algebra on such sums, and so is every cross entropy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import paddle

from .. import numeric
from ..kernels import error_sums as kernel

if TYPE_CHECKING:
    from ..inputs import Inputs

Tensor = Any

OWN, OTHER = 0, 1  # sides, numbered as in the kernel


class Function(NamedTuple):
    """A function of the error; kinds are numbered as in the kernel."""

    kind: int
    gamma: float = 1.0


COUNT, RIGHT, ERROR, COST = Function(0), Function(1), Function(2), Function(4)  # 1, 1 - x, x, l
_POWER, _FOCAL, _COST_POWER = 3, 5, 6


def power(gamma: float) -> Function:
    """x^gamma."""
    return COUNT if gamma == 0 else ERROR if gamma == 1 else Function(_POWER, gamma)


def focal(gamma: float) -> Function:
    """x^gamma l."""
    return COST if gamma == 0 else Function(_FOCAL, gamma)


def cost_power(gamma: float) -> Function:
    """l^gamma."""
    return COUNT if gamma == 0 else COST if gamma == 1 else Function(_COST_POWER, gamma)


class Moment(NamedTuple):
    """The sum of a function over one side's pixels of every sample and class."""

    side: int
    function: Function


def native(inputs: Inputs, moments: Sequence[Moment]) -> list[Tensor]:
    """The sums `[N, C]` by the kernel, all in one pass; labels alone tell the counts."""
    read = [moment for moment in moments if moment.function != COUNT]
    counted = [moment for moment in moments if moment.function == COUNT]
    counts: Any = np.stack([inputs.counts[moment.side] for moment in counted], axis=-1) if counted else None
    if read:
        table = kernel.sums(*inputs.problem(), flat(read), counts=counts)
    else:
        table = paddle.to_tensor(counts.astype("float32"))
    found = dict(zip([*read, *counted], table.unbind(-1)))
    return [found[moment] for moment in moments]


def flat(moments: Sequence[Moment]) -> list[kernel.Moment]:
    """Moments as the kernels read them."""
    return [(side, *function) for side, function in moments]


def has_kernel(inputs: Inputs, moment: Moment) -> bool:
    """Whether the kernel knows a sum: under a softmax, of the other classes' pixels, not all."""
    kinds = (COUNT.kind, ERROR.kind, _POWER, COST.kind)
    known = not inputs.multiclass or moment.side == OWN or moment.function.kind in kinds
    return inputs.raw is not None and known


def composed(inputs: Inputs, moment: Moment) -> Tensor:
    """The same sum `[N, C]` by Paddle's operators."""
    side = inputs.own if moment.side == OWN else inputs.other
    if moment.function == COUNT:
        return numeric.spatial_sum(side.astype(inputs.source.logits.dtype))
    if not inputs.multiclass:
        values = _by_error(moment.function, inputs.error, lambda: inputs.log_true)
    elif moment.side == OWN:
        values = _by_error(moment.function, 1 - inputs.prob_true, lambda: inputs.log_true)
    else:
        values = _by_error(moment.function, inputs.prob, lambda: inputs.log_rest)
    return numeric.spatial_sum(paddle.where(side, values, paddle.zeros([], values.dtype)))


def _by_error(function: Function, error: Tensor, log_right: Any) -> Tensor:
    """A function's values, from the error where that is accurate, else from log(1 - error)."""
    if function == ERROR:
        return error
    if function == RIGHT:
        return 1 - error
    if function.kind == _POWER:
        return numeric.power(error, function.gamma)
    return of_log(function, log_right())


def of_log(function: Function, log_right: Tensor) -> Tensor:
    """A function's values from log(1 - error)."""
    kind, gamma = function
    if kind == COUNT.kind:
        return paddle.ones_like(log_right)
    if kind == COST.kind:
        return -log_right
    if kind == _COST_POWER:
        return numeric.power(-log_right, gamma)
    error = -paddle.expm1(log_right)
    if kind == _FOCAL:
        return -numeric.power(error, gamma) * log_right
    return 1 - error if kind == RIGHT.kind else numeric.power(error, gamma)
