"""Law 7: the gradient equals finite differences in float64.

Detached quantities (distance maps, increments) are constant between jumps, and the steps are too small to cross one;
those that move smoothly are held at their first value.
"""

import numpy as np
import pytest

from .scenes import cases, has, make, takes_weights, value_and_gradient, value_of, weights


def _hold(loss, method):
    """Let a method answer as it did the first time."""
    real, first = getattr(loss, method), []

    def held(inputs):
        if not first:
            first.append(real(inputs))
        return first[0]

    object.__setattr__(loss, method, held)


def _check(loss, logits, labels):
    for method in loss.spec.held:
        _hold(loss, method)
    _, gradient = value_and_gradient(loss, logits, labels)
    for seed in range(4):
        direction = np.random.default_rng(100 + seed).normal(size=logits.shape)
        h = 1e-5
        at = [value_of(loss, logits + k * h * direction, labels) for k in (-2, -1, 1, 2)]
        slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)  # fourth order
        np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_finite_differences(spec, scene):
    _check(make(spec), scene.logits(), scene.labels())


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: has(spec, "batch") or has(spec, "weight")))
def test_finite_differences_with_shared_options(spec, scene):
    options = {}
    if has(spec, "batch"):
        options["batch"] = True
    if takes_weights(spec):
        options["weight"] = weights(spec, scene)
    _check(make(spec, **options), scene.logits(), scene.labels())


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: spec.soft))
def test_finite_differences_under_soft_targets(spec, scene):
    target = np.random.default_rng(5).random((scene.samples, scene.channels, *scene.space))
    if scene.mode == "multiclass":
        target /= target.sum(axis=1, keepdims=True)
    _check(make(spec, mode=scene.mode), scene.logits(), target)
