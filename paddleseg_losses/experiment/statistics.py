"""From runs to statements: means over seeds, and intervals from a bootstrap over seeds and images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..scoring import mean

DRAWS = 2000
LEVEL = 0.95

Array = Any


@dataclass(frozen=True)
class Interval:
    """Where a number lies in 95 % of the draws."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Comparison:
    """One loss beside the control."""

    difference: float
    difference_interval: Interval
    rank_interval: Interval


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation over seeds; NaN where there are too few."""
    known = [value for value in values if not math.isnan(value)]
    average = sum(known) / len(known) if known else math.nan
    return average, float(np.std(known, ddof=1)) if len(known) > 1 else math.nan


def compare(scores: Mapping[str, Array], control: str) -> dict[str, Comparison]:
    """Differences to the control and ranks, with intervals of a hierarchical bootstrap: seeds, then images.

    Every loss sees the same draw of seeds and images, so that what is hard for all does not count as a difference.

    Args:
        scores: by loss, `[seeds, images]`; NaN for a failed seed, and for an image without a score.
        control: the loss to compare with.

    Returns:
        By loss; without those that have no finished seed in common with the control.
    """
    seeds, images = next(iter(scores.values())).shape
    random = np.random.default_rng(20201107)
    drawn_seeds = _multiplicities(random, seeds)
    drawn_images = _multiplicities(random, images)
    known = {name: ~np.isnan(values) for name, values in scores.items()}
    means = {name: _drawn_means(values, drawn_seeds, drawn_images) for name, values in scores.items()}
    compared = {}
    for name, rank in zip(scores, _ranks(np.stack(list(means.values())))):
        common = known[name] & known[control]
        if not common.any():
            continue
        ours, theirs = (np.where(common, scores[each], np.nan) for each in (name, control))
        drawn_ours, drawn_theirs = (  # mostly both know all images: then they are the means from above
            means[each] if (common == known[each]).all() else _drawn_means(values, drawn_seeds, drawn_images)
            for each, values in ((name, ours), (control, theirs))
        )
        compared[name] = Comparison(mean(ours) - mean(theirs), _interval(drawn_ours - drawn_theirs), _interval(rank))
    return compared


def _multiplicities(random: Any, count: int) -> Array:
    """How often each of `count` things is drawn, `[draws, count]`."""
    return random.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(float)


def _drawn_means(values: Array, seeds: Array, images: Array) -> Array:
    """The mean of every draw; NaN where a draw holds nothing known."""
    known = ~np.isnan(values)
    total = _drawn_sums(np.where(known, values, 0), seeds, images)
    count = values.size if known.all() else _drawn_sums(known.astype(float), seeds, images)
    with np.errstate(invalid="ignore"):
        return total / count


def _drawn_sums(values: Array, seeds: Array, images: Array) -> Array:
    return np.einsum("ds,sd->d", seeds, values @ images.T)


def _ranks(means: Array) -> Array:
    """Rank of every loss in every draw, 1 the best; what is not known comes last, equals share the better rank."""
    filled = np.where(np.isnan(means), -np.inf, means)
    return np.stack([(filled > row).sum(axis=0) + 1.0 for row in filled])


def _interval(draws: Array) -> Interval:
    known = draws[~np.isnan(draws)]
    if not known.size:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
