"""Law 3: with everything ignored the loss is 0, attached to the graph, with a gradient of 0."""

import numpy as np
import paddle
import pytest

from .scenes import IGNORED, cases, has, make

pytestmark = pytest.mark.usefixtures("each_path")


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize(("spec", "scene"), cases())
def test_everything_ignored(spec, scene, scale):
    variants = [{}, {"batch": True}] if has(spec, "batch") else [{}]
    for options in variants:
        logits = paddle.to_tensor(scene.logits(dtype="float32", scale=scale), stop_gradient=False)
        loss = make(spec, **options)(logits, paddle.to_tensor(np.full_like(scene.labels(), IGNORED)))
        assert not loss.stop_gradient
        loss.backward()
        assert float(loss) == 0.0
        assert np.array_equal(logits.grad.numpy(), np.zeros(logits.shape))


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_one_sample_ignored_leaves_the_others_finite(spec, scene):
    labels = scene.labels()
    labels[0] = IGNORED
    logits = paddle.to_tensor(scene.logits(dtype="float32"), stop_gradient=False)
    loss = make(spec)(logits, paddle.to_tensor(labels))
    loss.backward()
    assert np.isfinite(float(loss))
    gradient = logits.grad.numpy()
    assert not gradient[0].any()
    assert np.isfinite(gradient).all()
    assert gradient[1:].any() or spec.blind
