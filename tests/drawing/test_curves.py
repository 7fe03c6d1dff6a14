"""Curves along a dial name the losses that are best over all of it."""

import math

import pytest
from matplotlib.axes import Axes

from paddleseg_losses.drawing.comparisons import draw_curves

GOOD = {f"good{i}": [(0.1, 0.50 + 0.01 * i, 0.0), (1.0, 0.80, 0.0)] for i in range(6)}


@pytest.mark.parametrize(
    "failed", [[(1.0, 0.99, 0.0)], [(0.1, math.nan, 0.0), (1.0, 0.99, 0.0)]], ids=["left out", "NaN"]
)
def test_what_fails_at_the_hardest_place_is_not_named(failed, tmp_path, monkeypatch):
    named, real = [], Axes.errorbar
    monkeypatch.setattr(Axes, "errorbar", lambda *a, **kw: (named.append(kw["label"]), real(*a, **kw))[1])
    draw_curves(tmp_path / "curve.png", {"fails": failed, **GOOD}, "dial")
    assert set(named) == set(GOOD)
