"""The parts of a run. Each yields rows as they are made; nothing here prints or judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from .cases import EDT, INDEX, ONE_HOT, SHAPES, SOFT, Shape, cases
from .peers import OURS, PEERS
from .processes import Failed, Process, started
from .roofline import bandwidth, least_bytes
from .thresholds import SOFT_LABELS
from .timing import Job, Plan, compare, jobs, take_turns

Rows = Iterator[dict[str, Any]]
Say = Callable[[str], None]

SIZES = (256, 512, 1024, 2048, 4096)
CLASSES = (2, 8, 19, 64, 150)
GROWING = ("CrossEntropyLoss", "DiceLoss", "FocalLoss", "LovaszSoftmaxLoss")
LARGE = ("A", "D", "maps", "volumes")
THREADED = ("CrossEntropyLoss", "DiceLoss", "FocalLoss", "LovaszSoftmaxLoss", EDT)
EXACT = Shape("accuracy", (2, 7, 192, 160))
WRITTEN = Shape("labels", (2, 8, 192, 192))


def frameworks(peers: Iterable[str]) -> list[str]:
    """The processes that some peers need."""
    return list(dict.fromkeys([OURS, *(PEERS[name].framework for name in peers)]))


def times(losses: list[str], shapes: list[str], peers: list[str], threads: int, plan: Plan, say: Say) -> Rows:
    """Every implementation of every loss on every shape, with the bandwidth measured beside each shape."""
    with started(*frameworks(peers), threads=threads) as processes:
        speed: dict[str, float] = {}
        for loss, shape in cases(losses, shapes):
            if shape.name not in speed:
                speed[shape.name] = bandwidth(threads)
            say(f"time    {shape.name:8} {loss}")
            for row in compare(processes, peers, loss, shape, plan):
                if not shape.maps and shape.name not in ("tiny", "small"):  # these fit into a cache
                    row["roofline_ms"] = 1e3 * least_bytes(shape.size) / speed[shape.name]
                yield row


def memory(losses: list[str], shapes: list[str], peers: list[str], threads: int, slow: set[Any], say: Say) -> Rows:
    """Peak extra memory of one step each; what was slow when timed is left out, as it was then."""
    with started(*frameworks(peers), threads=threads) as processes:
        for loss, shape in cases(losses, shapes):
            say(f"memory  {shape.name:8} {loss}")
            for job in jobs(processes, peers, loss, shape):
                if (job.peer, loss, shape.name) in slow:
                    continue
                row = {"loss": loss, "shape": shape.name, "peer": job.peer}
                try:
                    yield {**row, **job.process.ask("memory", peer=job.peer, loss=loss, shape=shape)}
                except Failed as error:
                    yield {**row, "error": str(error)}


def growth(losses: list[str], threads: int, plan: Plan, say: Say) -> Rows:
    """Our time per pixel as images grow, and per pixel and class as classes do."""
    pixels = [("pixels", Shape(f"{side}x{side}", (1, 2, side, side))) for side in SIZES]
    classes = [("classes", Shape(f"C={c}", (1, c, 512, 512))) for c in CLASSES]
    with started(OURS, threads=threads) as processes:
        for loss in (name for name in GROWING if name in losses):
            for along, shape in pixels + classes:
                say(f"growth  {shape.name:9} {loss}")
                ms = _alone(processes[OURS], loss, shape, plan)
                elements = shape.size[0] * shape.size[1] * shape.size[2] * shape.size[3]
                unit = elements if along == "classes" else elements // shape.size[1]
                yield {"loss": loss, "along": along, "size": list(shape.size), "ms": ms, "ns": 1e6 * ms / unit}


def scaling(losses: list[str], shapes: list[str], threads: int, plan: Plan, say: Say) -> Rows:
    """Our time with one thread and with several, in turns."""
    chosen = [name for name in THREADED if name in losses]
    with started(OURS, threads=1) as one, started(OURS, threads=threads) as several:
        for loss, shape in cases(chosen, [name for name in LARGE if name in shapes]):
            say(f"threads {shape.name:8} {loss}")
            pair = [Job(OURS, loss, one[OURS], shape), Job(OURS, loss, several[OURS], shape)]
            take_turns(pair, plan)
            single, many = (1e3 * job.median for job in pair)
            yield {"loss": loss, "shape": shape.name, "one_ms": single, "several_ms": many, "threads": threads}


def accuracy(losses: list[str], threads: int, say: Say) -> Rows:
    """Our float32 against our float64."""
    from .accuracy import SUMS

    with started(OURS, threads=threads) as processes:
        for name in [SUMS, *(loss for loss in losses if loss != EDT)]:
            say(f"accuracy {name}")
            shape = SHAPES["A"] if name == SUMS else _problem(name, EXACT)
            row = {"loss": name, "size": list(shape.size)}
            try:
                yield {**row, **processes[OURS].ask("accuracy", loss=name, shape=shape)}
            except Failed as error:
                yield {**row, "error": str(error)}


def labels(losses: list[str], threads: int, plan: Plan, say: Say, shape: Shape = WRITTEN) -> Rows:
    """Our time with class indices, one-hot labels and soft targets, in turns; losses of several classes only."""
    with started(OURS, threads=threads) as processes:
        for loss in (name for name in losses if name != EDT):
            fitting = _problem(loss, shape)
            if fitting.size[1] == 1:
                continue
            say(f"labels  {loss}")
            forms = (INDEX, ONE_HOT, SOFT) if loss in SOFT_LABELS else (INDEX, ONE_HOT)
            todo = {form: Job(OURS, loss, processes[OURS], replace(fitting, labels=form)) for form in forms}
            take_turns(list(todo.values()), plan)
            row = {"loss": loss, "size": list(fitting.size)}
            errors = [job.facts["error"] for job in todo.values() if not job.seconds]
            if errors:
                yield {**row, "error": errors[0]}
            else:
                yield {**row, "ms": {form: 1e3 * job.median for form, job in todo.items()}}


def _problem(loss: str, shape: Shape) -> Shape:
    """A size that a loss takes: several classes where it can."""
    from paddleseg_losses import registry

    spec = registry.get(loss)
    classes = 1 if "multiclass" not in spec.modes else min(shape.size[1], spec.most_classes or shape.size[1])
    return replace(shape, size=(shape.size[0], classes, *shape.size[2:]))


def _alone(process: Process, loss: str, shape: Shape, plan: Plan) -> float:
    job = Job(OURS, loss, process, shape)
    take_turns([job], plan)
    if not job.seconds:
        raise Failed(job.facts["error"])
    return 1e3 * job.median
