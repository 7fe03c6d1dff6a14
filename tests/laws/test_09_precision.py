"""Law 9: half precision is read exactly; the result is a 0-D float32, and float64 stays float64."""

import contextlib

import paddle
import pytest

from paddleseg_losses.differentiable import Differentiable

from .cases import CASES, each_loss, make, property_test, supports

test_law = property_test(9)


@pytest.mark.usefixtures("each_backend")
@pytest.mark.parametrize("spec", each_loss())
def test_autocast_is_left(spec, monkeypatch):
    """Paddle's autocast does nothing on a CPU, so what is asserted is that the formula runs outside it."""
    states, compute = _inside_autocast(monkeypatch), spec.cls.compute

    def recorded(self, inputs):
        assert states[-1] is False
        return compute(self, inputs)

    monkeypatch.setattr(spec.cls, "compute", recorded)
    case = next(case for case in CASES if supports(spec, case))
    make(spec)(paddle.to_tensor(case.logits(dtype="float32")), paddle.to_tensor(case.labels()))
    assert states == [True]


def test_a_backward_pass_leaves_autocast(monkeypatch):
    """Some call it inside, and kernels read the upstream gradient as float32."""
    states, seen = _inside_autocast(monkeypatch), []

    class Twice(Differentiable):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, upstream):
            seen.append(states[-1])
            return 2 * upstream

    x = paddle.ones([1])
    x.stop_gradient = False
    Twice.apply(x).backward()
    assert float(x.grad) == 2
    assert seen == [False]
    assert states == [True]


def _inside_autocast(monkeypatch):
    """Whether autocast is said to be on, innermost last."""
    states, real = [True], paddle.amp.auto_cast

    @contextlib.contextmanager
    def auto_cast(enable=True, **kwargs):
        states.append(enable)
        with real(enable=enable, **kwargs):
            yield
        states.pop()

    monkeypatch.setattr(paddle.amp, "auto_cast", auto_cast)
    monkeypatch.setattr(paddle.amp, "is_autocast_enabled", lambda: states[-1], raising=False)
    return states
