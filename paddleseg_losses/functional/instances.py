"""Views of a problem, one for each instance of its labels, in which all other instances are left out.

Sums over the pixels of a view are those over the background plus those over its own instance. So one pass over the
image and one over its instances make the sums of all views; a loss that reads nothing else looks at no pixel again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Callable

import numpy as np
import paddle

from ..differentiable import Differentiable
from ..inputs import Inputs
from ..kernels import find
from ..numeric import from_host
from ..precomputed_maps import Instances as KnownInstances
from ..problem import Problem
from .components import components
from .error_sums import COUNT, NEGATIVE, POSITIVE, SumSpec, request, sum_of, summands

Tensor = Any
ROW = 64  # pixels of an instance that a kernel adds up together: more are left out where instances are small
Requests = Callable[[Inputs], Sequence[SumSpec]]
Sums = dict[SumSpec, Tensor]  # each `[views, C]`


@dataclass(frozen=True, eq=False)
class Instances:
    """The instances of a batch, numbered from 1 on.

    Attributes:
        problem: of planes: the samples, or their channels where those have a sigmoid each, which are then binary.
        numbers: of the instance of each pixel, an array `[planes, *S]`; 0 where there is none.
        plane: where each instance lies.
        label: of each instance.
        background: number of background pixels of each plane that count.
        planes: of a sample.
    """

    problem: Problem
    numbers: Any
    plane: list[int]
    label: Any
    background: Any
    planes: int

    @property
    def weights(self) -> Tensor:
        """Of the instances in their mean: samples that have some count alike, and so do the instances of each."""
        samples = np.asarray(self.plane) // self.planes
        here, place, count = np.unique(samples, return_inverse=True, return_counts=True)
        return from_host(1 / (len(here) * count[place]), self.problem.scores.dtype)


def instances(inputs: Inputs, connectivity: int | None) -> Instances | None:
    """Those of the labels, or None if there is none."""
    problem, planes = inputs.problem.with_scores(inputs.scores), 1 if inputs.multiclass else inputs.channels
    if planes > 1:
        scores, labels = (x.flatten(0, 1).unsqueeze(1) for x in (problem.scores, problem.labels))
        problem = replace(problem, scores=scores, labels=labels, mode="binary", exclusive=False)
    truth = inputs.labels.numpy().reshape([-1, *problem.labels.shape[2:]])  # 0 where nothing counts
    valid = inputs.valid.numpy().reshape(truth.shape)
    ready = _ready(inputs, connectivity)
    numbers = np.zeros(truth.shape, "int64")
    plane: list[int] = []
    for number, image in enumerate(truth):
        numbered, count = components(image, connectivity) if ready is None else _dense(ready[number])
        numbers[number] = np.where(numbered > 0, numbered + len(plane), 0)
        plane += [number] * count
    if not plane:
        return None
    inside = numbers > 0
    label = np.zeros(len(plane) + 1, "int64")
    label[numbers[inside]] = truth[inside]
    background = (valid & ~inside).reshape([len(truth), -1]).sum(axis=1)
    return Instances(problem, numbers, plane, label[1:], background, planes)


def _ready(inputs: Inputs, connectivity: int | None) -> Any:
    """The numbers in each plane, an array, if the data pipeline has made them; else None."""
    known = KnownInstances.here()
    numbers = None if known is None else known.find(inputs.labels, connectivity)
    return None if numbers is None else numbers.reshape([-1, *numbers.shape[2:]])


def _dense(numbers: Any) -> tuple[Any, int]:
    """Numbers from 1 on without gaps, which a crop or numbers of somebody else's may have; and how many there are."""
    there = np.bincount(numbers.ravel()) > 0
    there[0] = False
    return np.cumsum(there)[numbers], int(there.sum())


def views(objects: Instances, sums: Sums) -> Iterator[tuple[int, Inputs]]:
    """The problem of each instance, with its sample, and with the sums that a loss will ask for."""
    counts = _class_counts(objects)
    tables = {spec: paddle.split(table, len(objects.plane)) for spec, table in sums.items()}
    samples: dict[int, Problem] = {}
    for k, plane in enumerate(objects.plane):
        if plane not in samples:
            samples = {plane: objects.problem.sample(plane)}
        inputs = Inputs(_View.of(samples[plane], objects.numbers[plane], k + 1), class_counts=counts[k : k + 1])
        inputs.cache.update({spec: table[k] for spec, table in tables.items()})
        yield plane // objects.planes, inputs


def views_together(objects: Instances, sums: Sums) -> Inputs:
    """The problems of all instances as one batch, of which there are sums alone."""
    problem = objects.problem
    scores = paddle.zeros([len(objects.plane), problem.channels, *(1 for _ in problem.space)], problem.scores.dtype)
    inputs = Inputs(_Unread.of(problem.with_scores(scores)), class_counts=_class_counts(objects))
    inputs.cache.update(sums)
    return inputs


class _Unread(Problem):
    """A problem without pixels."""

    @classmethod
    def of(cls, problem: Problem) -> _Unread:
        """What a problem is, but for its pixels."""
        unread = cls.__new__(cls)
        vars(unread).update({name: value for name, value in vars(problem).items() if name != "labels"})
        return unread

    @property
    def labels(self) -> Tensor:  # type: ignore[override]
        """None: who asks for them needs more than sums."""
        raise NotImplementedError("A loss that `each_sample` tells apart by sums reads labels.")


class _View(Problem):
    """A problem without all instances but one; its labels are made when somebody reads them."""

    @classmethod
    def of(cls, sample: Problem, numbers: Any, number: int) -> _View:
        """One instance of a sample of one plane."""
        view = cls.__new__(cls)
        vars(view).update({name: value for name, value in vars(sample).items() if name != "labels"})
        vars(view).update(_whole=sample.labels, _numbers=numbers, _number=number)
        return view

    @cached_property
    def labels(self) -> Tensor:  # type: ignore[override]
        """Those of the sample, without the other instances."""
        numbers, own = vars(self)["_numbers"], vars(self)["_number"]
        return _without(vars(self)["_whole"], (numbers > 0) & (numbers != own))


def _without(labels: Tensor, where: Any) -> Tensor:
    """Labels without some pixels: a label out of range is left out."""
    where = where.reshape(labels.shape)
    if labels.dtype == paddle.uint8:  # on the host, then; Paddle has no `where` for them
        return from_host(np.where(where, -1, labels.numpy()), "int32")
    return paddle.where(from_host(where, "bool"), paddle.full([], -1, labels.dtype), labels)


def _class_counts(objects: Instances) -> Any:
    """As the kernel counts labels, for each view: its own class, and the background."""
    views, rows = len(objects.plane), np.arange(len(objects.plane))
    counts = np.zeros((views, objects.problem.classes), "int64")
    counts[rows, objects.label] = np.bincount(objects.numbers.ravel(), minlength=views + 1)[1:]
    counts[rows, 0] += objects.background[objects.plane]
    return counts if objects.problem.multiclass else counts[:, None]


def sums_of_views(objects: Instances, requests: Requests) -> Sums:
    """The sums that will be asked for, `[views, C]`."""
    problem = objects.problem
    rest = Inputs(problem.with_labels(_without(problem.labels, objects.numbers > 0)))
    specs = [spec for spec in requests(rest) if spec.function != COUNT]
    request(rest, specs)
    place = from_host(objects.plane, "int64")
    around = {spec: sum_of(rest, *spec).index_select(place) for spec in dict.fromkeys(specs)}
    own = _sums_of_instances(objects, specs)
    sums = {spec: own[spec] + around[spec] for spec in own}
    return {**sums, **_counts(objects)}


def _sums_of_instances(objects: Instances, specs: Sequence[SumSpec]) -> Sums:
    """The sums over the pixels of each instance, `[instances, C]`."""
    fast = find("error_sums", objects.problem) is not None
    rows, which = _rows(objects, ROW if fast else 1)
    if fast:
        request(rows, specs)
    sums = {}
    for spec in dict.fromkeys(specs):
        each = sum_of(rows, *spec) if fast else summands(rows, spec).squeeze(0).transpose([1, 0])
        sums[spec] = paddle.geometric.segment_sum(each.astype("float64"), which).astype(each.dtype)
    return sums


def _rows(objects: Instances, width: int) -> tuple[Inputs, Tensor]:
    """The pixels of all instances, instance by instance, and to which each row belongs.

    A row is a sample of so many pixels, of which the last ones of an instance may be left out; of one pixel each, they
    are one sample.
    """
    problem, numbers = objects.problem, objects.numbers.ravel()
    pixels = np.flatnonzero(numbers)
    kind = "uint16" if len(objects.plane) < 2**16 else "int64"  # short numbers are sorted fast
    which = numbers[pixels].astype(kind) - 1
    pixels = pixels[np.argsort(which, kind="stable")]
    sizes = np.bincount(which, minlength=len(objects.plane))
    lengths = -(-sizes // width)
    which = np.repeat(np.arange(len(sizes)), lengths)
    filled = np.arange(width) < (np.repeat(sizes, lengths) - width * _ranks(lengths))[:, None]
    size, planes = numbers.size // len(objects.numbers), np.asarray(objects.plane)
    places = np.full(filled.shape, problem.scores.size, "int64")  # of the scores of class 0
    places[filled] = pixels + np.repeat(planes * (problem.channels - 1) * size, sizes)
    labels = np.where(filled, objects.label[which][:, None], -1)
    if width == 1:
        places, labels = places.T, labels.T
    vector, classes = problem.scores.flatten(), np.arange(problem.channels) * size
    if find("error_sums", problem) is not None and vector.place.is_cpu_place():
        scores = _Gathered.apply(vector, places, classes)
    else:
        every = (places[:, None] + classes[:, None]).clip(max=problem.scores.size - 1)
        scores = paddle.gather(vector, from_host(every.ravel(), "int64")).reshape(every.shape)
    named = from_host(labels[:, None], "int64")
    return Inputs(replace(problem, scores=scores, labels=named)), from_host(which, "int64")


class _Gathered(Differentiable):
    """Numbers of a vector at places `[rows, width]` and so much further on, `[rows, steps, width]`.

    No place is there twice but for those beyond the end, whose numbers may be any. The gradient of Paddle's `gather`
    adds what comes from each place, one number after the other. Second derivatives are left to the kernel that reads
    the numbers: it refuses them.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, places: Any, steps: Any) -> Tensor:
        ctx.size, ctx.places, ctx.steps = x.shape[0], places, steps
        values = x.numpy()
        gathered = np.empty([places.shape[0], len(steps), places.shape[1]], values.dtype)
        for k, step in enumerate(steps):
            gathered[:, k] = values.take(places + step, mode="clip")
        return from_host(gathered, x.dtype)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        slope = upstream.numpy()
        gradient = np.zeros(ctx.size + ctx.steps[-1] + 1, slope.dtype)  # few of those beyond the end are touched
        for k, step in enumerate(ctx.steps):
            gradient[ctx.places + step] = slope[:, k]
        return from_host(gradient[: ctx.size], upstream.dtype)


def _ranks(lengths: Any) -> Any:
    """0, 1, ... for each of some lengths, one after the other."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _counts(objects: Instances) -> Sums:
    """Number of pixels of each side and class, `[views, C]`."""
    counts = _class_counts(objects)
    positive = counts if objects.problem.multiclass else counts[..., 1]
    total = counts.reshape([len(counts), -1]).sum(axis=1, keepdims=True)
    dtype = objects.problem.scores.dtype
    return {
        SumSpec(side, COUNT): from_host(table, dtype)
        for side, table in ((POSITIVE, positive), (NEGATIVE, total - positive))
    }
