"""Law 8: finite value and gradient for every logit up to 1e4 and every exponent."""

import numpy as np
import pytest

from .scenes import cases, make, possible, value_and_gradient

pytestmark = pytest.mark.usefixtures("each_path")

EXPONENTS = [0, 0.3, 0.5, 1, 2, 5]


def _extremes(scene, labels):
    right = scene.perfect(labels, size=1.0)
    noise = np.sign(scene.logits(seed=9))
    flat = np.zeros_like(right)
    return {
        "right": right * 1e4, "wrong": -right * 1e4, "noise": noise * 1e4, "flat": flat, "edge": right * 16.6,
        "200": -right * 200,
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("spec", "scene"), cases())
def test_finite(spec, scene, dtype):
    labels = scene.labels()
    tried = [(name, exponent) for name in spec.exponents for exponent in EXPONENTS]
    variants = [{name: exponent} for name, exponent in tried if possible(spec, name, exponent)] or [{}]
    for options in variants:
        for name, logits in _extremes(scene, labels).items():
            value, gradient = value_and_gradient(make(spec, **options), logits.astype(dtype), labels)
            assert np.isfinite(value), (options, name)
            assert np.isfinite(gradient).all(), (options, name)


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_finite_without_foreground(spec, scene):
    for label in (0, 1):
        labels = np.full_like(scene.labels(), label)
        for logits in _extremes(scene, labels).values():
            value, gradient = value_and_gradient(make(spec), logits.astype("float32"), labels)
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()
