"""Pixels on predicted boundaries, and which of their neighbours lies nearest to the true one.

Under a softmax an image is one map of classes, under sigmoids each channel is a map of two. A map's pixels are numbered
through the batch, so that only those on boundaries are looked at.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Callable

import paddle

from ..inputs import Inputs
from ..kernels import find
from ..numeric import FAR, constant, gathered, safe_divide, shape_of
from .edt import squared_distance_to
from .shift import END, shifted
from .unread import nan_or_0

Tensor = Any

FLAT = 1e-5  # a divergence below which there is no boundary
UNCOUNTED = -1.0  # below every divergence


@dataclass(frozen=True)
class Aims:
    """What the boundary is to learn, all of it constant. L pixels, K neighbours of each."""

    pixels: Tensor  # their numbers `[L]`
    share: Tensor  # of each in the loss `[L]`; 0 for those that fill up the list
    candidates: Tensor  # which neighbours can be the next place of the boundary, bool `[L, K]`
    aim: Tensor  # the one that should be, `[L, 1]`
    log_prob: Tensor  # logarithms of the neighbours' class probabilities `[L, K, C]`


@dataclass(frozen=True)
class Rules:
    """What is a predicted boundary, and where it should be."""

    ratio: float  # share of the pixels of an image that it starts from
    max_distance: float  # from the true one, in pixels, from which pixels count fully
    smoothing: float  # share of the target that is spread over all neighbours


def active_boundary(inputs: Inputs, rules: Rules, aims_of: Callable[[Inputs], Aims]) -> Tensor:
    """The cross entropy of the neighbours, scored by how unlike the pixel they are, with the aims, 0-D."""
    kernel = find("active_boundary_mean", inputs.problem)
    if kernel is not None:
        return kernel(inputs.problem, rules.ratio, rules.max_distance, rules.smoothing)
    aims = aims_of(inputs)
    log_prob = _log_prob(inputs, aims.pixels).unsqueeze(1)
    zero = paddle.zeros([], log_prob.dtype)
    prob = paddle.exp(aims.log_prob)
    pull = paddle.where(prob > 0, prob * (aims.log_prob - log_prob), zero).sum(axis=-1)  # a share of 0 pulls nowhere
    scores = paddle.where(aims.candidates, pull, paddle.full([], -FAR, pull.dtype))
    lead = scores - paddle.take_along_axis(scores, aims.aim, axis=1)
    count = aims.candidates.astype(pull.dtype).detach().sum(axis=1)  # Paddle 2.6 would ask for their gradient
    even = safe_divide(paddle.where(aims.candidates, lead, zero).sum(axis=1), count)
    values = paddle.logsumexp(lead, axis=1) - rules.smoothing * even
    return (aims.share * paddle.where(count > 0, values, zero)).sum()


def boundary_aims(inputs: Inputs, rules: Rules) -> Aims:
    """The predicted boundary, and where each of its pixels should move."""
    inputs = replace(inputs, differentiable=False, cache={}, requests={})
    with paddle.no_grad():
        edge = _true_boundary(inputs)
        exists = edge.astype("int32").flatten(2).amax(axis=-1, keepdim=True) > 0
        most = _most(inputs.problem.space, rules.ratio)
        boundary = paddle.logical_and(_predicted_boundary(inputs, rules.ratio, most), exists)
        away = squared_distance_to(edge).flatten(2)
        reach = (away.sqrt().clip(max=rules.max_distance) / rules.max_distance).astype(inputs.dtype)
        size = boundary.astype(inputs.dtype).sum(axis=2, keepdim=True).sum(axis=0, keepdim=True)
        share = paddle.where(boundary, reach, paddle.zeros([], reach.dtype)) / (size.clip(min=1) * boundary.shape[1])
        pixels, used = _numbers(boundary, most * 3**inputs.axes)
        share = paddle.gather(share.flatten(), pixels) * used.astype(share.dtype)
        share = share + nan_or_0(inputs).sum()  # NaN is on no boundary
        neighbours, inside = _neighbours(pixels, inputs.valid)
        all_neighbours, each = neighbours.flatten(), [-1, neighbours.shape[1]]
        candidates = gathered(inputs.valid.reshape([-1]), all_neighbours).reshape(each)
        candidates = paddle.logical_and(candidates, inside)
        away = paddle.gather(away.flatten(), all_neighbours).reshape(each)
        logs = [paddle.gather(_rows(log, inputs.multiclass), all_neighbours) for _prob, log in inputs.memoize(_maps)]
        log_prob = paddle.concat(logs, axis=1)
        log_prob = log_prob.reshape([*each, log_prob.shape[1]])
        return Aims(pixels, share.detach(), candidates, _nearest(away, candidates), log_prob.detach())


def _most(space: list[int], ratio: float) -> int:
    """The most pixels of a map that can differ enough, before their surroundings; 0 if the size is not known."""
    return max(int(ratio * math.prod(space)), 1) if min(space) > 0 else 0


def _maps(inputs: Inputs) -> list[tuple[Tensor, Tensor]]:
    """Probabilities of the classes that compete in a map, and their logarithms; of given ones those of the clip too."""
    if not inputs.problem.from_logits:
        logs = [inputs.log_prob] if inputs.multiclass else [inputs.log_one_minus_prob, inputs.log_prob]
        return [(paddle.exp(each), each) for each in logs]
    if not inputs.multiclass:
        return [(inputs.one_minus_prob, inputs.log_one_minus_prob), (inputs.prob, inputs.log_prob)]
    # Cheaper than a log-softmax; only the logarithm of a share near 1 has fewer digits, which no difference feels.
    gap = inputs.logits - inputs.logits.amax(axis=1, keepdim=True)
    return [(inputs.prob, gap.clip(min=-FAR) + paddle.log(inputs.prob.amax(axis=1, keepdim=True)))]


def _rows(x: Tensor, multiclass: bool) -> Tensor:
    """What belongs to each pixel of a map, `[pixels of the batch, classes]`."""
    return x.flatten(2).transpose([0, 2, 1]).reshape([-1, x.shape[1]]) if multiclass else x.reshape([-1, 1])


def _log_prob(inputs: Inputs, pixels: Tensor) -> Tensor:
    """Logarithms of the probabilities of some pixels, with a slope, `[L, C]`; C is 2 under a sigmoid."""
    scores = inputs.logits if inputs.problem.from_logits else inputs.prob  # ignored ones are 0
    chosen = paddle.gather(_rows(scores, inputs.multiclass), pixels).transpose([1, 0]).unsqueeze(0)
    everywhere = paddle.ones_like(chosen[:, :1]).astype("bool")
    mode = "multiclass" if inputs.multiclass else "binary"
    problem = replace(inputs.problem, scores=chosen, labels=everywhere.astype("int64"), valid=everywhere, mode=mode)
    few = inputs.with_problem(problem)
    logs = [few.log_prob] if inputs.multiclass else [few.log_one_minus_prob, few.log_prob]
    return paddle.concat(logs, axis=1).squeeze(0).transpose([1, 0])


def _predicted_boundary(inputs: Inputs, ratio: float, most: int) -> Tensor:
    """Pixels that differ most from the next one along an axis, and those around them, bool `[N, maps, pixels]`."""
    change = paddle.where(inputs.valid, _change(inputs), paddle.full([], UNCOUNTED, inputs.dtype)).flatten(2)
    count = inputs.valid.astype("int64").flatten(2).sum(axis=-1, keepdim=True)
    share = paddle.full([], ratio, "float64")  # numbers are float32 in a static graph
    kept = (count.astype("float64") * share).floor().astype("int64").clip(min=1)
    size = shape_of(change)[-1]
    if most:
        largest, _ = paddle.topk(change, min(most + 1, size), axis=-1)
    else:
        largest = paddle.sort(change, axis=-1, descending=True)
    last = shape_of(largest)[-1] - 1
    next_one = paddle.take_along_axis(largest, paddle.minimum(kept, paddle.full_like(kept, last)), axis=-1)
    floor = paddle.where(count > kept, next_one.clip(min=FLAT), paddle.full_like(next_one, FLAT))
    chosen = (change > floor).astype("float32").reshape(shape_of(inputs.valid))
    for axis in range(2, chosen.ndim):
        sides = (shifted(chosen, axis, step, 0.0) for step in (1, -1))
        chosen = reduce(paddle.maximum, sides, chosen)
    return paddle.logical_and(chosen > 0, inputs.valid).reshape([0, 0, -1])  # Paddle 2.6 flattens no bool


def _change(inputs: Inputs) -> Tensor:
    """How much each pixel differs from the next one along the axes, as a sum of divergences, `[N, maps, *S]`."""
    zero = paddle.zeros([], inputs.dtype)
    total = paddle.zeros_like(inputs.valid).astype(inputs.dtype)
    for axis in range(2, total.ndim):
        if total.shape[axis] == 1:
            continue
        here, after = ([axis], [0], [-1]), ([axis], [1], [END])
        terms = [p.slice(*here) * (log.slice(*here) - log.slice(*after)) for p, log in inputs.memoize(_maps)]
        change = terms[0].sum(axis=1, keepdim=True) if inputs.multiclass else terms[0] + terms[1]
        both = paddle.logical_and(*(inputs.valid.slice(*part) for part in (here, after)))
        edge = paddle.zeros_like(total.slice([axis], [-1], [END]))
        total = total + paddle.concat([paddle.where(both, change, zero), edge], axis=axis)
    return total


def _true_boundary(inputs: Inputs) -> Tensor:
    """Pixels whose next one along an axis has another label, and those that are ignored, bool `[N, maps, *S]`."""
    labels = paddle.where(inputs.valid, inputs.labels, paddle.full([], -1, "int64"))
    differs = [labels != shifted(labels, axis, 1, None) for axis in range(2, labels.ndim)]
    return reduce(paddle.logical_or, differs, paddle.logical_not(inputs.valid))


def _numbers(boundary: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Where masks `[N, maps, pixels]` are set, `[L]`, and which of these are not there to fill up the list, `[L]`."""
    count = boundary.astype("int64").sum()
    if most and paddle.in_dynamic_mode() and not boundary.place.is_cpu_place():
        numbers = numbers_of_most(boundary.reshape([-1]), min(boundary.size, most * math.prod(boundary.shape[:2])))
        return numbers, paddle.arange(shape_of(numbers)[0], dtype="int64") < count
    numbers = paddle.nonzero(boundary.reshape([-1])).flatten()
    numbers = paddle.concat([numbers, paddle.zeros([1], "int64")])  # never empty
    return numbers, paddle.ones_like(numbers).cumsum(axis=0) <= count  # a static graph does not know how many they are


def numbers_of_most(mask: Tensor, most: int) -> Tensor:
    """Where a flat mask is set, then anywhere, `[most + 1]`: to ask how many there are would wait for the device."""
    place = paddle.where(mask, mask.astype("int64").cumsum(0) - 1, paddle.full([], most, "int64"))
    pixels = paddle.arange(mask.shape[0], dtype="int64")
    return paddle.put_along_axis(paddle.zeros([most + 1], "int64"), place, pixels, axis=0)


def _neighbours(pixels: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of the pixels around some, `[L, K]`, and which of them are inside the image, bool."""
    space = image.shape[2:]
    if -1 in space:  # open in a static graph
        space = [size.squeeze(0) for size in paddle.shape(image)[2:].astype("int64").split(len(space))]
    steps = _steps(len(space))
    target, inside, stride, rest = pixels.unsqueeze(1), [], 1, pixels
    for axis in reversed(range(len(space))):
        step = constant([[each[axis] for each in steps]], "int64")
        place = (rest % space[axis]).unsqueeze(1) + step
        inside.append(paddle.logical_and(place >= 0, place < space[axis]))
        target = target + step * stride
        stride, rest = stride * space[axis], rest // space[axis]
    within = reduce(paddle.logical_and, inside)
    return paddle.where(within, target, paddle.zeros_like(target)), within


def _steps(axes: int) -> list[tuple[int, ...]]:
    """Steps to all neighbours, those along fewer axes first: of equally near ones the first is taken."""
    every = itertools.product((-1, 0, 1), repeat=axes)
    return sorted(filter(any, every), key=lambda step: (sum(map(abs, step)), step))


def _nearest(away: Tensor, candidates: Tensor) -> Tensor:
    """The first candidate with the least squared distance, a whole number, `[L, 1]`."""
    many = away.shape[1]
    far = paddle.full([], END, "int64")
    key = paddle.where(candidates, away.astype("int64") * many + paddle.arange(many, dtype="int64"), far * many)
    return key.argmin(axis=1, keepdim=True)
