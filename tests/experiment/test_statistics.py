"""The bootstrap beside a slow one; failed seeds; ranks."""

import math

import numpy as np
import pytest

from paddleseg_losses.experiment.statistics import compare, spread


def _scores(seed=0, seeds=5, images=30):
    rng = np.random.default_rng(seed)
    image, seed_effect = rng.normal(size=images), rng.normal(size=(seeds, 1))
    control = 0.6 + 0.1 * image + 0.02 * seed_effect
    return {
        "control": control,
        "better": control + 0.05 + 0.01 * rng.normal(size=control.shape),
        "equal": control + 0.01 * rng.normal(size=control.shape),
        "worse": control - 0.08 + 0.03 * rng.normal(size=control.shape),
    }


def test_the_difference_is_paired():
    """Images differ by 0.1, the losses by half of that; paired, the interval is narrow all the same."""
    compared = compare(_scores(), "control")
    better = compared["better"]
    assert better.difference == pytest.approx(0.05, abs=0.005)
    assert 0.04 < better.difference_interval.low < 0.05 < better.difference_interval.high < 0.06
    assert 0 in compared["equal"].difference_interval
    assert compared["control"].difference_interval.low == compared["control"].difference_interval.high == 0


def test_ranks():
    compared = compare(_scores(), "control")
    assert (compared["better"].rank_interval.low, compared["better"].rank_interval.high) == (1, 1)
    assert (compared["worse"].rank_interval.low, compared["worse"].rank_interval.high) == (4, 4)
    assert compared["equal"].rank_interval.low >= 2


def test_intervals_beside_a_slow_bootstrap():
    scores = _scores(3)
    rng = np.random.default_rng(1)
    draws = []
    for _ in range(4000):
        seeds, images = rng.integers(5, size=5), rng.integers(30, size=30)
        draws.append(np.mean((scores["worse"] - scores["control"])[np.ix_(seeds, images)]))
    interval = compare(scores, "control")["worse"].difference_interval
    assert (interval.low, interval.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.002)


def test_failed_seeds_are_left_out_on_both_sides():
    scores = _scores()
    scores["better"][2] = np.nan
    scores["control"][4] = np.nan
    better = compare(scores, "control")["better"]
    kept = [0, 1, 3]
    assert better.difference == pytest.approx((scores["better"][kept] - scores["control"][kept]).mean())


def test_a_loss_that_always_failed_has_no_comparison():
    scores = _scores()
    scores["worse"][:] = np.nan
    assert "worse" not in compare(scores, "control")


def test_equal_runs_give_equal_numbers():
    assert compare(_scores(), "control") == compare(_scores(), "control")


def test_spread_over_seeds():
    assert spread([0.5, 0.7, math.nan]) == pytest.approx((0.6, 0.1414213562))
    assert math.isnan(spread([0.5])[1])
    assert math.isnan(spread([])[0])
