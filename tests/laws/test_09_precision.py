"""Law 9: half precision is read exactly; the result is a 0-D float32, and float64 stays float64."""

import contextlib

import numpy as np
import paddle
import pytest

from .scenes import SCENES, cases, fits, losses, make

pytestmark = pytest.mark.usefixtures("each_path")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("spec", "scene"), cases())
def test_half_precision(spec, scene, dtype):
    half = paddle.to_tensor(scene.logits(dtype="float32")).astype(dtype)
    labels = paddle.to_tensor(scene.labels())
    half.stop_gradient = False
    loss = make(spec)(half, labels)
    loss.backward()
    assert loss.dtype == paddle.float32
    assert list(loss.shape) == []
    full = float(make(spec)(half.detach().astype("float32"), labels))
    assert float(loss) == pytest.approx(full, rel=1e-6)
    assert half.grad.dtype == half.dtype
    assert np.isfinite(half.grad.astype("float32").numpy()).all()


@pytest.mark.parametrize(("spec", "scene"), cases())
def test_double_precision_stays(spec, scene):
    logits, labels = scene.logits(), paddle.to_tensor(scene.labels())
    loss = make(spec)(paddle.to_tensor(logits), labels)
    assert loss.dtype == paddle.float64
    assert list(loss.shape) == []
    single = float(make(spec)(paddle.to_tensor(logits.astype("float32")), labels))
    assert single == pytest.approx(float(loss), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("spec", losses())
def test_autocast_is_left(spec, monkeypatch):
    """Paddle's autocast does nothing on a CPU, so what is asserted is that the formula runs outside it."""
    states, real, compute = [True], paddle.amp.auto_cast, spec.cls.compute

    def recorded(self, inputs):
        assert states[-1] is False
        return compute(self, inputs)

    @contextlib.contextmanager
    def auto_cast(enable=True, **kwargs):
        states.append(enable)
        with real(enable=enable, **kwargs):
            yield
        states.pop()

    monkeypatch.setattr(paddle.amp, "auto_cast", auto_cast)
    monkeypatch.setattr(spec.cls, "compute", recorded)
    scene = next(scene for scene in SCENES if fits(spec, scene))
    make(spec)(paddle.to_tensor(scene.logits(dtype="float32")), paddle.to_tensor(scene.labels()))
    assert states == [True]
