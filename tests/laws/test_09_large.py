"""Law 9 on a whole 1024x1024 image with logits up to 1e4: half precision is read exactly, and float32 is enough."""

import numpy as np
import paddle
import pytest

from .cases import IGNORED, each_loss, make

SIZE = 1024


@pytest.fixture(scope="module")
def image():
    """Logits of every size between 0.1 and 1e4, with both ends, and labels in patches with ignored rows."""
    rng = np.random.default_rng(0)
    logits = rng.choice([-1.0, 1.0], (1, 2, SIZE, SIZE)) * 10 ** rng.uniform(-1, 4, (1, 2, SIZE, SIZE))
    logits[0, :, :4], logits[0, 0, 4:8] = 1e4, -1e4
    labels = rng.integers(0, 2, (1, SIZE // 32, SIZE // 32)).repeat(32, 1).repeat(32, 2)
    labels[0, 8:12] = IGNORED
    return logits.astype("float32"), labels


@pytest.mark.slow
@pytest.mark.parametrize("spec", each_loss())
def test_large_half_precision(spec, image):
    logits, labels = image
    logits, labels = logits[:, : 2 if "multiclass" in spec.modes else 1], paddle.to_tensor(labels)
    for dtype in ("float16", "bfloat16"):
        half = paddle.to_tensor(logits).astype(dtype)
        half.stop_gradient = False
        value = make(spec)(half, labels)
        value.backward()
        assert value.dtype == paddle.float32
        assert np.isfinite(float(value))
        gradient = half.grad.astype("float32")
        assert bool(paddle.isfinite(gradient).all())
        assert not bool(gradient[:, :, 8:12].any())
        single = float(make(spec)(half.detach().astype("float32"), labels))
        assert float(value) == pytest.approx(single, rel=1e-6)
    double = float(make(spec)(half.detach().astype("float64"), labels))
    assert single == pytest.approx(double, rel=2e-5)
