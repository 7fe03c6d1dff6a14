"""Law 10: a static graph computes the same."""

import numpy as np
import paddle
import pytest

from .scenes import SCENES, cases, make, value_and_gradient, value_of

FEW = [scene for scene in SCENES if len(scene.space) == 2]


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "scene"), cases(scenes=FEW))
def test_static_graph(spec, scene):
    logits, labels = scene.logits(dtype="float32"), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    static = paddle.jit.to_static(make(spec), full_graph=True)
    value, gradient = value_and_gradient(static, logits, labels)
    np.testing.assert_allclose(value, expected[0], rtol=1e-6)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-5, atol=1e-7)
    for _ in range(20):  # the executor runs operators in parallel: an overwritten alias shows only now and then
        np.testing.assert_allclose(value_of(static, logits, labels), expected[0], rtol=1e-6)
