"""Sums over pixels of functions of the error: all that most losses need to know of an image.

A pixel counts as often as its weight says, if there are weights.

Each class sees two kinds of pixels: positives, which are its own, where the error x is 1 - p, and negatives, where it
is p. With the negative log-likelihood l = -log(1 - x), every overlap is algebra on such sums, and so is every cross
entropy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple

import paddle

from .. import numeric
from ..inputs import Inputs
from ..kernels import find
from .labels import are_counted, side_counts
from .overlaps import overlaps, powers_of_others, sums_by_label
from .soft_targets import kernel_sums

Tensor = Any

POSITIVE, NEGATIVE = 0, 1  # sides, numbered as in the kernel


class Function(NamedTuple):
    """A function of the error; kinds are numbered as in the kernel."""

    kind: int
    gamma: float = 1.0
    clip: float = 0.0


COUNT, PROB_TRUE, ERROR, NLL = Function(0), Function(1), Function(2), Function(4)  # 1, 1 - x, x, l
_POWER, _FOCAL, _NLL_POWER, _LQ, _HELD_FOCAL = 3, 5, 6, 7, 8


def power(gamma: float) -> Function:
    """x^gamma."""
    return COUNT if gamma == 0 else ERROR if gamma == 1 else Function(_POWER, gamma)


def focal(gamma: float, clip: float = 0.0, held: bool = False) -> Function:
    """x^gamma l of an error reduced by `clip`; `held`: the power is a constant for the gradient."""
    return NLL if gamma == 0 and clip == 0 else Function(_HELD_FOCAL if held else _FOCAL, gamma, clip)


def nll_power(gamma: float) -> Function:
    """l^gamma."""
    return COUNT if gamma == 0 else NLL if gamma == 1 else Function(_NLL_POWER, gamma)


def lq(q: float) -> Function:
    """(1 - (1 - x)^q) / q, from l for q = 0 to x for q = 1."""
    return NLL if q == 0 else ERROR if q == 1 else Function(_LQ, q)


class SumSpec(NamedTuple):
    """The sum of a function over one side's pixels of every sample and class."""

    side: int
    function: Function

    @property
    def reads_shares(self) -> bool:
        """Whether it is made of `Inputs.shares` where no kernel makes it."""
        return self in OVERLAP


OVERLAP = (SumSpec(POSITIVE, PROB_TRUE), SumSpec(POSITIVE, ERROR), SumSpec(NEGATIVE, ERROR))  # TP, FN and FP


def request(inputs: Inputs, specs: Iterable[SumSpec]) -> None:
    """Say which sums will be asked for: where a kernel can, the first that is asked for makes them all in one pass."""
    inputs.requests.update(dict.fromkeys(specs))


def has_other_requests(inputs: Inputs, than: Iterable[SumSpec]) -> bool:
    """Whether other sums will be asked for too."""
    return not inputs.requests.keys() <= set(than)


def sum_of(inputs: Inputs, side: int, function: Function) -> Tensor:
    """The sum of a function of the error over one side's pixels, `[N, C]`."""
    spec, sums = SumSpec(side, function), inputs.cache
    if spec in sums:
        return sums[spec]
    kernel = find("error_sums", inputs.problem)
    if kernel is None and spec in OVERLAP and inputs.of_one_label:
        sums.update(zip(OVERLAP, overlaps(inputs)))
        return sums[spec]
    if kernel is None or not _kernel_knows(inputs, spec):
        sums[spec] = _composed(inputs, spec)
        return sums[spec]
    counted = are_counted(inputs)
    if counted and function == COUNT:
        sums[spec] = numeric.from_host(side_counts(inputs)[side], inputs.dtype)
        return sums[spec]
    others = _uncounted(inputs.requests) if counted else [*inputs.requests, *_counts(inputs)]
    wanted = dict.fromkeys([spec, *others])
    missing = [each for each in wanted if each not in sums and _kernel_knows(inputs, each)]
    missing = [each for each in missing if each == spec or not is_dear(inputs, each)]
    table = kernel(inputs.problem, flat(missing), weight=inputs.pixel_weight)
    sums.update(zip(missing, table.unbind(-1)))
    return sums[spec]


def is_dear(inputs: Inputs, spec: SumSpec) -> bool:
    """Whether a kernel needs more time for a sum than it is mostly worth, so that it is made for its own sake alone."""
    if spec != _CORRECT_NEGATIVES:
        return False
    return inputs.multiclass and inputs.channels > 2 and are_counted(inputs)  # else the device need not wait


_CORRECT_NEGATIVES = SumSpec(NEGATIVE, PROB_TRUE)


def _uncounted(specs: Iterable[SumSpec]) -> list[SumSpec]:
    """The sums that a count of the labels does not tell."""
    return [spec for spec in specs if spec.function != COUNT]


def _counts(inputs: Inputs) -> tuple[SumSpec, ...]:
    """Numbers of pixels that a kernel makes with its sums, where none has counted the labels."""
    return tuple(SumSpec(side, COUNT) for side in ((POSITIVE,) if inputs.multiclass else (POSITIVE, NEGATIVE)))


def positive_count(inputs: Inputs) -> Tensor:
    """Number of pixels of the class that count, of each sample and channel, `[N, C]`; of soft targets their sum."""
    if not inputs.soft:
        return sum_of(inputs, POSITIVE, COUNT)
    soft = kernel_sums(inputs)
    return numeric.spatial_sum(inputs.weighed(inputs.target)) if soft is None else soft.positives


def negative_count(inputs: Inputs) -> Tensor:
    """Number of pixels that count and are of other classes, of each sample and channel, `[N, C]`."""
    if not inputs.soft:
        return sum_of(inputs, NEGATIVE, COUNT)
    soft = kernel_sums(inputs)
    return numeric.spatial_sum((1 - inputs.target) * inputs.weighted_mask) if soft is None else soft.negatives


def pixel_count(inputs: Inputs) -> Tensor:
    """Number of pixels that count, of each sample and channel, `[N, C]`."""
    return inputs.memoize(_pixel_count)


def _pixel_count(inputs: Inputs) -> Tensor:
    sides = side_counts(inputs)
    if sides is not None:
        return numeric.from_host(sides.sum(axis=0), inputs.dtype)
    if inputs.problem.label_sets:
        return numeric.spatial_sum(inputs.weighed(inputs.counted.astype(inputs.dtype)))
    if find("error_sums", inputs.problem) is not None:
        positives = sum_of(inputs, POSITIVE, COUNT)
        if inputs.multiclass:
            return positives.sum(axis=1, keepdim=True).expand([-1, inputs.channels])
        return positives + sum_of(inputs, NEGATIVE, COUNT)
    soft = kernel_sums(inputs)
    return numeric.spatial_sum(inputs.weighted_mask).expand([-1, inputs.channels]) if soft is None else soft.count


def flat(specs: Sequence[SumSpec]) -> list[tuple[int, int, float, float]]:
    """Specs as the kernels read them."""
    return [(side, *function) for side, function in specs]


def _kernel_knows(inputs: Inputs, spec: SumSpec) -> bool:
    """Whether kernels make a sum: under a softmax, of the other classes' pixels, not all."""
    kinds = (COUNT.kind, PROB_TRUE.kind, ERROR.kind, _POWER, NLL.kind)
    return not inputs.multiclass or spec.side == POSITIVE or spec.function.kind in kinds


def _composed(inputs: Inputs, spec: SumSpec) -> Tensor:
    """The same sum `[N, C]` by Paddle's operators."""
    side, function = spec
    if inputs.of_one_label and side == POSITIVE:
        return sums_by_label(inputs, inputs.weighed(_at_the_label(inputs, function)))
    if inputs.of_one_label and function.kind == _POWER and function.gamma > 1:
        return powers_of_others(inputs, function.gamma)
    return numeric.spatial_sum(inputs.weighed(summands(inputs, spec)))


def _at_the_label(inputs: Inputs, function: Function) -> Tensor:
    """The value of each pixel `[N, 1, *S]`, 0 where ignored: `Inputs.restricted` keeps errors of more pixels."""
    if function == COUNT:
        return inputs.mask
    values = value_of(function, of_true_class(inputs))
    return paddle.where(inputs.valid, values, paddle.zeros([], values.dtype))


def summands(inputs: Inputs, spec: SumSpec) -> Tensor:
    """What a sum adds up, unweighted `[N, C, *S]`: its function at the pixels of its side, 0 elsewhere."""
    side = inputs.positive if spec.side == POSITIVE else inputs.negative
    if spec.function == COUNT:
        return side.astype(inputs.dtype)
    if inputs.multiclass and spec.side == NEGATIVE:
        values = value_of(spec.function, of_other_classes(inputs))
    else:
        values = value_of(spec.function, of_true_class(inputs))
    return paddle.where(side, values, paddle.zeros([], values.dtype))


class Answer(NamedTuple):
    """What functions of the error read of it, each computed where it is asked for: none is 1 minus another."""

    error: Callable[[], Tensor]
    right: Callable[[], Tensor]  # 1 - error
    nll: Callable[[], Tensor]  # -log(1 - error)
    side: int | None = None  # None: pixels of both sides
    stopped_error: Callable[[], Tensor] | None = None  # the error that goes with nll, if that stops at the clip

    @property
    def error_of_nll(self) -> Callable[[], Tensor]:
        """The error beside a logarithm: where given probabilities stop at the clip, both do."""
        return self.stopped_error or self.error


def _answer(inputs: Inputs, error: Any, right: Any, nll: Any, side: int | None = None) -> Answer:
    exact = inputs.problem.from_logits
    return Answer(error, right, nll, side, None if exact else lambda: numeric.one_minus_exp(-nll()))


def of_true_class(inputs: Inputs) -> Answer:
    """At the true label, `[N, 1, *S]` (multilabel and binary `[N, C, *S]`); hard labels only."""
    return _answer(inputs, lambda: inputs.error, lambda: inputs.prob_true, lambda: inputs.nll)


def of_every_class(inputs: Inputs) -> Answer:
    """As if every class were the true one, `[N, C, *S]`."""
    return _answer(inputs, lambda: inputs.one_minus_prob, lambda: inputs.prob, lambda: -inputs.log_prob, POSITIVE)


def of_other_classes(inputs: Inputs) -> Answer:
    """As if no class were the true one, `[N, C, *S]`."""
    return _answer(
        inputs, lambda: inputs.prob, lambda: inputs.one_minus_prob, lambda: -inputs.log_one_minus_prob, NEGATIVE
    )


def value_of(function: Function, answer: Answer) -> Tensor:
    """The values of a function of the error."""
    kind, gamma, clip = function
    if kind == ERROR.kind:
        return answer.error()
    if kind == PROB_TRUE.kind:
        return answer.right()
    if kind == _POWER:
        return numeric.power(answer.error(), gamma)
    if kind == _LQ:
        exponent = paddle.full([], gamma, answer.nll().dtype)
        return numeric.one_minus_exp(answer.nll() * -exponent) / exponent
    if kind in (_FOCAL, _HELD_FOCAL):
        error, nll = _clipped(answer, clip) if clip else (answer.error_of_nll(), answer.nll())
        focus = numeric.power(error, gamma)
        return (focus if kind == _FOCAL else (focus + 0).detach()) * nll
    return numeric.power(answer.nll(), gamma if kind == _NLL_POWER else 1)


def _clipped(answer: Answer, clip: float) -> tuple[Tensor, Tensor]:
    """An error reduced by `clip`, 0 where it was less, and minus the logarithm of 1 minus it."""
    error = answer.error()
    bound = paddle.full([], clip, error.dtype)
    rest = paddle.where(error > bound, error - bound, paddle.zeros([], error.dtype))
    return rest, paddle.log1p(rest / (answer.right() + bound))
