"""Monitoring the losses while PaddleSeg or MedicalSeg trains: schedules advance, and the terms are recorded.

Their `train()` has no callback for its steps, but it calls a profiler after each; that is where they are counted.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Callable

import paddle

from ..i18n import ENGLISH, speaking
from .display import Term, describe
from .map_loading import provide_maps
from .medicalseg.adapter import bare
from .medicalseg.distances import sources, units
from .shims import Swap, swapped
from .toolkits import PADDLESEG, Toolkit

_active: list[Any] = []  # the training that is being monitored
Listener = Callable[[int, list[Term]], None]


@dataclass
class _MonitoredLoss:
    """A loss below a head, with what it gave in each call since the last step."""

    head: int
    layer: Any
    weight: float
    name: str
    coef: float = 1.0  # of the head
    turn: int = 0  # of the calls between two steps, if one loss serves several heads
    seen: list[dict[str, tuple[float, Any]]] = field(default_factory=list)

    def record_forward(self, layer: Any, _inputs: Any, output: Any) -> None:
        """A hook for the loss's own `forward`; nothing here waits for the device."""
        if not paddle.is_grad_enabled():  # MedicalSeg evaluates the loss too
            return
        inner = getattr(layer, "last", None)
        factor = getattr(layer, "factor", 1.0)
        if inner:
            self.seen.append({name: (factor * weight, value) for name, (weight, value) in inner.items()})
        else:  # a loss of ours gives its value times the schedule's factor
            parts = output if isinstance(output, (list, tuple)) else [output]
            whole: Any = sum(part for part in parts if paddle.is_tensor(part))  # MedicalSeg's own add an array of Dice
            self.seen.append({"": (factor, whole.detach() / factor if factor else whole.detach())})

    def terms(self) -> list[Term]:
        """The terms of its call since the last step."""
        last = self.seen[min(self.turn, len(self.seen) - 1)] if self.seen else {}
        self.seen.clear()
        named = {".".join(filter(None, (self.name, name))): pair for name, pair in last.items()}
        return [
            Term(self.head, name, self.weight * weight, float(value), self.coef)
            for name, (weight, value) in named.items()
        ]


class LossMonitor:
    """Counts the steps of one training, and hands the mean terms of each interval to a listener."""

    def __init__(self, losses: Any, interval: int, listener: Listener) -> None:
        self.heads = list((losses or {}).get("types", []))
        self.leaves: list[_MonitoredLoss] = []
        coefs = list((losses or {}).get("coef") or [])
        for head, loss in enumerate(self.heads):
            coef = float(coefs[head]) if head < len(coefs) else 1.0
            self._enter(replace(leaf, coef=coef) for leaf in _leaves(head, loss))
        self.interval, self.listener = max(interval, 1), listener
        self.iteration, self.means = 0, _Means()
        self.hooks = [leaf.layer.register_forward_post_hook(leaf.record_forward) for leaf in self.leaves]
        self.set(0)

    def _enter(self, leaves: Iterator[_MonitoredLoss]) -> None:
        """Number what would have the same name, and the turns of a loss that serves several heads."""
        for leaf in leaves:
            same = sum(other.head == leaf.head and type(other.layer) is type(leaf.layer) for other in self.leaves)
            leaf.name += f"_{same + 1}" if same else ""
            leaf.turn = sum(other.layer is leaf.layer for other in self.leaves)
            self.leaves.append(leaf)

    @property
    def worth_it(self) -> bool:
        """Whether the terms say more than the loss alone."""
        scheduled = any(getattr(leaf.layer, "schedule", None) for leaf in self.leaves)
        return len(self.leaves) > 1 or scheduled or any(hasattr(leaf.layer, "last") for leaf in self.leaves)

    def set(self, iteration: int) -> None:
        """Begin after this iteration."""
        self.iteration = iteration
        for leaf in self.leaves:
            if hasattr(leaf.layer, "spec"):
                leaf.layer.step(to=iteration)

    def step(self) -> None:
        """One optimiser step is done."""
        self.means.add([term for leaf in self.leaves for term in leaf.terms()])
        self.set(self.iteration + 1)
        if self.iteration % self.interval == 0:
            terms = self.means.take()
            if terms and self.worth_it:
                self.listener(self.iteration, terms)

    def close(self) -> None:
        """Leave the losses as they were."""
        for hook in self.hooks:
            hook.remove()


@dataclass
class _Means:
    """Sums over an interval, by head and name."""

    sums: dict[tuple[int, str, float], list[float]] = field(default_factory=dict)

    def add(self, terms: list[Term]) -> None:
        """One iteration."""
        for term in terms:
            total = self.sums.setdefault((term.head, term.name, term.coef), [0.0, 0.0, 0.0])
            for place, number in enumerate((1.0, term.weight, term.value)):
                total[place] += number

    def take(self) -> list[Term]:
        """The means, and a fresh start."""
        terms = [
            Term(head, name, weight / n, value / n, coef)
            for (head, name, coef), (n, weight, value) in self.sums.items()
        ]
        self.sums.clear()
        return terms


def _leaves(head: int, loss: Any, weight: float = 1.0, inside: bool = False) -> Iterator[_MonitoredLoss]:
    """The losses below a head: itself, or those of PaddleSeg's MixedLoss; the one of MedicalSeg's MultipleLoss."""
    loss = bare(loss)
    if type(loss).__name__ == "MultipleLoss":
        yield from _leaves(head, loss.loss, weight, inside)
    elif type(loss).__name__ == "MixedLoss":
        for coef, inner in zip(loss.coef, loss.losses):
            yield from _leaves(head, inner, weight * coef, inside=True)
    else:
        yield _MonitoredLoss(head, loss, weight, "" if hasattr(loss, "last") and not inside else type(loss).__name__)


def monitor_swaps(listener: Listener | None = None, trainer: str = "paddleseg.core.train") -> list[Swap]:
    """Replacements for the `train` of a module; without a listener the terms go to its own log."""
    owner = importlib.import_module(trainer)
    original = owner.train

    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(original).bind(*args, **kwargs)
        given.apply_defaults()
        if _active:  # by a listener of our own trainer, around one that `enable` put there
            return original(*args, **kwargs)
        with _monitored(owner, given.arguments, listener or functools.partial(_log, owner)):
            return original(*args, **kwargs)

    return [(owner, "train", train), (importlib.import_module(trainer.rpartition(".")[0]), "train", train)]


@contextmanager
def monitored(listener: Listener | None = None, toolkit: Toolkit = PADDLESEG) -> Iterator[None]:
    """Monitor every training of a toolkit for a while."""
    swaps = [swap for trainer in toolkit.found_trainers() for swap in monitor_swaps(listener, trainer)]
    with swapped(*swaps):
        yield


@contextmanager
def _monitored(owner: Any, arguments: dict[str, Any], listener: Listener) -> Iterator[None]:
    profiler = owner.train_profiler
    writers: list[Any] = []

    def tell(iteration: int, terms: list[Term]) -> None:
        if not _first():
            return
        listener(iteration, terms)
        for writer in writers:
            for term in terms:
                tag = term.name if len(watch.heads) == 1 else f"head_{term.head}.{term.name}"
                writer.add_scalar(f"Terms/{tag}", term.value, iteration)
                writer.add_scalar(f"Weights/{tag}", term.weight, iteration)

    watch = LossMonitor(arguments.get("losses"), arguments.get("log_iters", 10), tell)

    def counted(*args: Any) -> None:
        watch.step()
        step(*args)

    def resumed(*args: Any, **kwargs: Any) -> Any:
        iteration = resume(*args, **kwargs)
        watch.set(int(iteration))
        return iteration

    step, resume = profiler.add_profiler_step, owner.resume
    swaps: list[Swap] = [(profiler, "add_profiler_step", counted), (owner, "resume", resumed), provide_maps()]
    if arguments.get("use_vdl"):
        swaps.append(_noting_writers(writers))
    _active.append(watch)
    try:
        with swapped(*swaps, *sources(arguments)), units(arguments, watch.heads, owner.logger):
            yield
    finally:
        _active.remove(watch)
        watch.close()


def _noting_writers(writers: list[Any]) -> Swap:
    """`train()` creates its VisualDL writer itself: keep a reference, to write to it too."""
    import visualdl

    original = visualdl.LogWriter

    def make(*args: Any, **kwargs: Any) -> Any:
        writers.append(original(*args, **kwargs))
        return writers[-1]

    return visualdl, "LogWriter", make


def _first() -> bool:
    return bool(paddle.distributed.get_rank() == 0)


def _log(owner: Any, iteration: int, terms: list[Term]) -> None:
    """A line of the trainer's own log."""
    logger = getattr(owner.logger, "logger", owner.logger)  # a module of functions in most versions
    with speaking(ENGLISH):  # as all of the log
        logger.info(f"[TRAIN] iter: {iteration}, terms: {describe(terms)}")
