"""Times of every implementation of a loss on a shape, taking turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .cases import EDT, Shape
from .peers import OURS, PEERS
from .processes import Failed, Process

YARDSTICK = "DiceLoss"  # timed beside every loss: costs are relative to DiceLoss in the same minute
TURN = 0.03  # seconds of a turn at least: short steps are repeated within it
LEAST = 3  # rounds, unless they take longer than a slow step
SLOW = 4.0  # seconds of a step that is not taken a second time


@dataclass
class Plan:
    """How long to measure."""

    rounds: int = 7
    seconds: float = 1.2  # of each implementation of a loss on a shape


@dataclass
class Job:
    """One implementation of one loss on a shape, and what was measured of it."""

    peer: str
    loss: str
    process: Process
    shape: Shape
    seconds: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Of all steps."""
        return median(self.seconds)


def jobs(processes: dict[str, Process], peers: Iterable[str], loss: str, shape: Shape) -> list[Job]:
    """The implementations that there are of a loss for a shape."""
    jobs = []
    for peer in peers:
        job = Job(peer, loss, processes[PEERS[peer].framework], shape)
        job.facts = job.process.ask("describe", peer=peer, loss=loss, shape=shape)
        if job.facts.pop("has"):
            jobs.append(job)
    return jobs


def yardstick(processes: dict[str, Process], loss: str, shape: Shape) -> list[Job]:
    """Our Dice, except beside itself and the map."""
    return [] if loss in (YARDSTICK, EDT) else [Job(OURS, YARDSTICK, processes[OURS], shape)]


def take_turns(todo: list[Job], plan: Plan) -> None:
    """Measure all of them, one turn each a round; one that fails keeps its error."""
    for job in todo:
        try:
            first = job.process.ask("prepare", peer=job.peer, loss=job.loss, shape=job.shape)
        except Failed as error:
            job.facts["error"] = str(error)
            continue
        job.facts["value"] = first["value"]
        job.facts["steps"] = max(1, min(100, int(TURN / max(first["seconds"], 1e-6))))
        if first["seconds"] > SLOW:
            job.seconds, job.facts["steps"] = [first["seconds"]], 0
    for turn in range(plan.rounds):
        for job in todo if turn % 2 else reversed(todo):
            enough = sum(job.seconds) >= (plan.seconds if turn >= LEAST else SLOW)
            if job.facts.get("steps") and not enough:
                asked = {"peer": job.peer, "loss": job.loss, "shape": job.shape, "steps": job.facts["steps"]}
                job.seconds += job.process.ask("time", **asked)["seconds"]


def row(job: Job, dice: float | None) -> dict[str, Any]:
    """What is stored of a job."""
    facts = {name: value for name, value in job.facts.items() if name != "steps"}
    measured = {"ms": job.median * 1e3, "steps": len(job.seconds)} if job.seconds else {}
    beside = {"dice_ms": dice * 1e3} if dice and job.peer == OURS else {}
    return {
        "loss": job.loss,
        "shape": job.shape.name,
        "size": list(job.shape.size),
        "peer": job.peer,
        **measured,
        **facts,
        **beside,
    }


def compare(
    processes: dict[str, Process], peers: Iterable[str], loss: str, shape: Shape, plan: Plan
) -> list[dict[str, Any]]:
    """Rows of all implementations of a loss on a shape."""
    todo, beside = jobs(processes, peers, loss, shape), yardstick(processes, loss, shape)
    take_turns(todo + beside, plan)
    dice = beside[0].median if beside and beside[0].seconds else None
    return [row(job, dice) for job in todo]
