"""A process of one framework that measures on demand: a line of JSON in, a line of JSON out.

`python -m benchmarks.worker paddle 2`; see `processes.py` for the other end.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from importlib import metadata
from typing import Any, Callable

from . import memory
from .cases import Shape, arrays, masks
from .frameworks import FRAMEWORKS, Inputs, step
from .peers import PEERS, Entry

SMALL_STEPS = 4  # one more than the calls on which our losses look at label values
QUICK = 0.1  # seconds of a first step that says little


class Worker:
    """What one process knows: its peers, the inputs of the last shape, the losses made for it."""

    def __init__(self, framework: str, threads: int) -> None:
        self.tables: dict[str, dict[str, Entry]] = {}
        self.missing: dict[str, str] = {}
        self.framework = FRAMEWORKS[framework](threads)
        for peer in PEERS.values():
            if peer.framework == framework:
                try:
                    self.tables[peer.name] = dict(peer.table())
                except Exception as error:  # a peer may fail in any way; the others are measured all the same
                    self.missing[peer.name] = f"{type(error).__name__}: {error}".splitlines()[0]
        self._inputs: dict[Shape, Inputs] = {}
        self._calls: dict[tuple[str, str, Shape], Callable[..., Any]] = {}

    def peers(self) -> dict[str, Any]:
        """Which implementations there are, of which losses, and which are missing."""
        losses = {name: list(table) for name, table in self.tables.items()}
        return {"losses": losses, "missing": self.missing, "versions": self._versions()}

    def describe(self, peer: str, loss: str, shape: Shape) -> dict[str, Any]:
        """Whether a peer has a loss for a shape, and how it differs."""
        entry = self.tables.get(peer, {}).get(loss)
        if entry is None or not entry.takes(shape):
            return {"has": False}
        return {"has": True, "ignores": entry.ignores, "differs": entry.differs}

    def prepare(self, peer: str, loss: str, shape: Shape) -> dict[str, Any]:
        """Make the loss, warm it up, and tell the time of one step and its value."""
        self._warm(peer, loss, shape)
        seconds, value = self._step(peer, loss, shape)
        if seconds < QUICK:
            seconds = min(self._step(peer, loss, shape)[0] for _ in range(5))
        return {"seconds": seconds, "value": self.framework.number(value)}

    def time(self, peer: str, loss: str, shape: Shape, steps: int) -> dict[str, Any]:
        """Seconds of each of some steps; threads and caches come to after a pause in one more that does not count."""
        if steps > 1:
            self._step(peer, loss, shape)
        return {"seconds": [self._step(peer, loss, shape)[0] for _ in range(steps)]}

    def memory(self, peer: str, loss: str, shape: Shape) -> dict[str, Any]:
        """Peak extra bytes of one step."""
        make = masks if shape.maps else arrays
        for each in (shape, shape.small):
            make(
                each.size
            )  # once, shared with the forks; a framework that has run cannot be forked, so tensors are theirs
        extra = memory.peak_extra(
            lambda: (self._of(shape), self._warm(peer, loss, shape)),
            lambda: self._step(peer, loss, shape),
        )
        return {"bytes": extra}

    def accuracy(self, loss: str, shape: Shape) -> dict[str, Any]:
        """Errors of value and gradient against float64."""
        from .accuracy import errors

        return errors(loss, shape)

    def _warm(self, peer: str, loss: str, shape: Shape) -> None:
        entry, call = self.tables[peer][loss], self._made(peer, loss, shape)
        for _ in range(SMALL_STEPS):
            step(self.framework, call, self._of(shape.small), entry.ignores)

    def _step(self, peer: str, loss: str, shape: Shape) -> tuple[float, Any]:
        return step(self.framework, self._made(peer, loss, shape), self._of(shape), self.tables[peer][loss].ignores)

    def _made(self, peer: str, loss: str, shape: Shape) -> Callable[..., Any]:
        key = peer, loss, shape
        if key not in self._calls:
            self._calls = {k: call for k, call in self._calls.items() if k[2].name == shape.name}
            self._calls[key] = self.tables[peer][loss].make(shape)
        return self._calls[key]

    def _of(self, shape: Shape) -> Inputs:
        if shape not in self._inputs:
            self._inputs = {k: inputs for k, inputs in self._inputs.items() if k.name == shape.name}
            self._inputs[shape] = Inputs(self.framework, shape)
        return self._inputs[shape]

    def _versions(self) -> dict[str, str]:
        versions = {}
        for name in self.tables:
            for package in PEERS[name].packages:
                try:
                    versions[package] = metadata.version(package)
                except metadata.PackageNotFoundError:
                    versions[package] = "not installed: from the source tree"
        return versions


def main(framework: str, threads: str) -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    warnings.simplefilter("ignore")
    worker = Worker(framework, int(threads))
    for line in sys.stdin:
        request = json.loads(line)
        if "shape" in request:
            request["shape"] = Shape(**{**request["shape"], "size": tuple(request["shape"]["size"])})
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # the other end decides what an error means
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
