"""A whole study as the numbers that advice is made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..scoring import METRICS
from .ledger import OK, Ledger
from .results import Line, TaskResults, costs
from .statistics import Comparison, compare
from .study import Study

DIGITS = 4


def summarize(study: Study, ledger: Ledger) -> dict[str, Any]:
    """By task and loss: scores, differences to the control, interval of the rank, failures, and the cost of a step.

    Tasks of which runs are missing are left out.
    """
    tasks = {}
    for task in study.tasks:
        results = TaskResults(study, ledger, task)
        if not results.complete:
            continue
        steps = {loss: step for loss, step, _memory in costs(study, ledger, task)}
        beside = _beside_control(results)
        tasks[task.name] = {
            "curve": task.curve,
            "at": task.at,
            "images": results.images,
            "losses": {
                line.loss: {**_scores(line, beside), "step": _short(steps[line.loss] / steps[study.control])}
                for line in results.own
            },
        }
    return {"control": study.control, "seeds": study.seeds, "tasks": tasks}


def _beside_control(results: TaskResults) -> dict[str, Mapping[str, Comparison]]:
    """By metric and loss."""
    lines = [line for line in results.own if line.by_image]
    if results.control not in {line.loss for line in lines}:
        return {name: {} for name in METRICS}
    return {name: compare({line.loss: line.by_image[name] for line in lines}, results.control) for name in METRICS}


def _scores(line: Line, beside: Mapping[str, Mapping[str, Comparison]]) -> dict[str, Any]:
    compared = {name: losses[line.loss] for name, losses in beside.items() if line.loss in losses}
    rank = compared["dice"].rank_interval if "dice" in compared else None
    return {
        "rate": line.rate,
        "runs": sum(line.outcomes.values()),
        "succeeded": line.outcomes.get(OK, 0),
        "failed": {status: count for status, count in sorted(line.outcomes.items()) if status != OK},
        "scores": {name: [_short(number) for number in line.scores[name]] for name in METRICS},
        "differences": {
            name: [_short(n) for n in (each.difference, each.difference_interval.low, each.difference_interval.high)]
            for name, each in compared.items()
        },
        "rank": [round(rank.low), round(rank.high)] if rank and not math.isnan(rank.low) else None,
    }


def _short(number: float) -> float | None:
    return None if math.isnan(number) else round(number, DIGITS)
