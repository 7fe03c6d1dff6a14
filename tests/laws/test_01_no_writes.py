"""Law 1: a loss never writes to logits, labels or weights."""

import numpy as np
import paddle
import pytest

from .scenes import cases, make, takes_weights, weights


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_inputs_are_untouched(spec, scene):
    logits, labels = scene.logits(dtype="float32"), scene.labels()
    weight = weights(spec, scene)
    options = {"weight": weight} if takes_weights(spec) else {}
    z, y = paddle.to_tensor(logits, stop_gradient=False), paddle.to_tensor(labels)
    extra = {}
    if spec.cls.takes_pixel_weight:
        extra["pixel_weight"] = paddle.to_tensor(np.ones((scene.samples, *scene.space), "float32"))
    make(spec, **options)(z, y, **extra).backward()
    assert np.array_equal(z.numpy(), logits)
    assert np.array_equal(y.numpy(), labels)
    assert weight == weights(spec, scene)
    for given in extra.values():
        assert np.array_equal(given.numpy(), np.ones((scene.samples, *scene.space)))
