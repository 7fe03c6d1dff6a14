"""Law 6: values stay in the stated range, the perfect prediction is the minimum, and descent descends."""

import numpy as np
import pytest

from .scenes import IGNORED, cases, make, value_and_gradient, value_of


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_range(spec, scene):
    low, high = spec.range
    labels = scene.labels()
    right = scene.perfect(labels)
    for logits in (scene.logits(), scene.logits(scale=20), right, -right, right * 300, -right * 300):
        for dtype in ("float32", "float64"):
            value = value_of(make(spec), logits.astype(dtype), labels)
            rounding = labels.size * np.finfo(dtype).eps
            assert low - rounding <= value <= high * (1 + rounding)
    assert low <= value_of(make(spec), scene.logits() * 0, labels) <= high


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: spec.perfect_is_minimum))
def test_perfect_is_the_minimum(spec, scene):
    labels = scene.labels()
    right = scene.perfect(labels, size=60.0)
    best = value_of(make(spec), right, labels)
    if np.isfinite(spec.range[0]):
        assert best == pytest.approx(spec.range[0], abs=max(1e-12, spec.slack))
    for seed in range(5):
        other = value_of(make(spec), scene.logits(seed=seed), labels)
        assert other >= best if spec.blind else other > best
    assert value_of(make(spec), -right, labels) > best


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_a_step_down_the_gradient_lowers_the_loss(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    if spec.blind:
        logits = logits / 5 - scene.perfect(labels, size=1.0)  # wrong nearly everywhere: a thick error
    value, gradient = value_and_gradient(make(spec), logits, labels)
    if spec.blind and not gradient.any():
        nudged = logits + 1e-3 * scene.logits(seed=7)
        assert value_of(make(spec), nudged, labels) == pytest.approx(float(value), rel=1e-12)  # truly flat here
        return
    assert np.abs(gradient).max() > 0
    step = 1e-4 / np.abs(gradient).max()
    assert value_of(make(spec), logits - step * gradient, labels) < value


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: spec.monotone))
def test_moving_a_logit_towards_its_label_does_not_raise_the_loss(spec, scene):
    logits, labels = scene.logits(), scene.labels()
    before = value_of(make(spec), logits, labels)
    rng = np.random.default_rng(3)
    valid = np.argwhere(labels != IGNORED)
    for index in valid[rng.choice(len(valid), 8, replace=False)]:
        label = labels[tuple(index)]
        n, *rest = index
        channel = label if scene.mode == "multiclass" else 0
        place = (n, *rest) if scene.mode == "multilabel" else (n, channel, *rest)
        moved = logits.copy()
        moved[place] += 0.7 if scene.mode == "multiclass" or label == 1 else -0.7
        assert value_of(make(spec), moved, labels) <= before + 1e-12


@pytest.mark.parametrize(("spec", "scene"), cases(lambda spec: spec.soft and spec.soft_minimum))
def test_under_soft_targets_the_target_is_the_minimum(spec, scene):
    rng = np.random.default_rng(4)
    target = rng.random((scene.samples, scene.channels, *scene.space))
    if scene.mode == "multiclass":
        target /= target.sum(axis=1, keepdims=True)
        logits = np.log(target)
    else:
        logits = np.log(target) - np.log1p(-target)
    loss = make(spec, mode=scene.mode)
    best = value_of(loss, logits, target)
    for seed in range(5):
        for size in (1e-3, 0.1, 2.0):
            assert value_of(loss, logits + scene.logits(seed=seed, scale=size), target) > best
