"""Law 9: half precision is read exactly; the result is a 0-D float32, and float64 stays float64."""

import contextlib
import sys

import numpy as np
import paddle
import pytest

from paddleseg_losses import registry

from .cases import CASES, Case, each_loss, make, property_test, supports, value_and_gradient

test_law = property_test(9)


@pytest.mark.usefixtures("each_backend")
@pytest.mark.parametrize("spec", each_loss())
def test_autocast_is_left(spec, monkeypatch):
    """Paddle's autocast does nothing on a CPU, so what is asserted is that the formula runs outside it."""
    states, compute = _autocast(monkeypatch, now=True), spec.cls.compute

    def recorded(self, inputs):
        assert states[-1] is False
        return compute(self, inputs)

    monkeypatch.setattr(spec.cls, "compute", recorded)
    case = next(case for case in CASES if supports(spec, case))
    make(spec)(paddle.to_tensor(case.logits(dtype="float32")), paddle.to_tensor(case.labels()))
    assert states == [True]


def _autocast(monkeypatch, now):
    """Whether it is said to be on, innermost last."""
    states, real = [now], paddle.amp.auto_cast

    @contextlib.contextmanager
    def auto_cast(enable=True, **kwargs):
        states.append(enable)
        with real(enable=enable, **kwargs):
            yield
        states.pop()

    monkeypatch.setattr(paddle.amp, "auto_cast", auto_cast)
    monkeypatch.setattr(paddle.amp, "is_autocast_enabled", lambda: states[-1], raising=False)
    return states


@pytest.mark.usefixtures("each_backend")
@pytest.mark.parametrize("spec", each_loss())
def test_backward_leaves_autocast(spec, monkeypatch):
    """A backward pass may run inside autocast, which leaves Paddle's gradients alone, but not what Python computes."""
    states, rounded = _autocast(monkeypatch, now=False), set()

    def watch(_frame, event, function):
        if event == "c_call" and states[-1] and function.__name__ in dir(paddle._C_ops):
            rounded.add(function.__name__)

    case = max((case for case in CASES if supports(spec, case)), key=lambda case: case.mode == "multiclass")
    logits = paddle.to_tensor(case.logits(dtype="float32"), stop_gradient=False)
    value = make(spec)(logits, paddle.to_tensor(case.labels()))
    states.append(True)
    sys.setprofile(watch)
    try:
        value.backward()
    finally:
        sys.setprofile(None)
    assert not rounded


@pytest.mark.usefixtures("each_backend")
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "FocalLoss", "DiceLoss", "LovaszSoftmaxLoss"])
def test_logits_far_from_0(name):
    """What competing logits have in common does not change the loss, nor does it take digits from it."""
    case = Case("multiclass", 3, (7, 5), samples=3, dtype="float32")
    logits, labels = np.round(case.logits() * 64) / 64, case.labels()  # 8192 more are exact, too
    (value, gradient), (far_value, far_gradient) = (
        value_and_gradient(make(registry.get(name)), logits + shift, labels) for shift in (0, np.float32(8192))
    )
    np.testing.assert_allclose(far_value, value, rtol=1e-6)
    np.testing.assert_allclose(far_gradient, gradient, rtol=1e-5, atol=1e-6 * np.abs(gradient).max())
