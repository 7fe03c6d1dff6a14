"""What a loss has computed goes with the last reference to it, without a backward pass too."""

import sys

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, kernels
from paddleseg_losses.functional.overlaps import overlaps
from tests import fresh

PROGRAM = """
    import sys
    import paddle
    import paddleseg_losses as pl

    net = paddle.nn.Sequential(*(paddle.nn.Conv2D(3, 3, 3, padding=1) for _ in range(8)))
    x, labels = paddle.randn([1, 3, 128, 128]), paddle.randint(0, 3, [1, 128, 128])
    loss = getattr(pl, sys.argv[1])()

    def used():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    def calls(count):
        for _call in range(count):
            loss(net(x), labels)

    with pl.kernels.use_kernels("composed"):
        calls(10)
        before = used()
        calls(30)
        print(used() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read as Linux tells it")
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "DiceLoss", "LovaszSoftmaxLoss"])
def test_calls_without_a_backward_pass(name):
    done = fresh.run(PROGRAM, name)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < 2**23  # a graph that stays has more than 2 MB, 30 of them


def test_second_derivatives_are_finite_where_pixels_are_ignored():
    rng = np.random.default_rng(0)
    z, labels, way = rng.normal(size=(2, 3, 5, 4)), rng.integers(0, 3, (2, 5, 4)), rng.normal(size=(2, 3, 5, 4))
    labels[0, :3] = 255

    def squared_slope(logits):
        z = paddle.to_tensor(logits, stop_gradient=False)
        (slope,) = paddle.grad(CrossEntropyLoss()(z, paddle.to_tensor(labels)), z, create_graph=True)
        return z, (slope**2).sum()

    with kernels.use_kernels("composed"):
        leaf, value = squared_slope(z)
        value.backward()
        ends = [float(squared_slope(z + step * way)[1]) for step in (1e-6, -1e-6)]
    second = leaf.grad.numpy()
    assert np.isfinite(second).all()
    assert not second[0, :, :3].any()
    np.testing.assert_allclose((second * way).sum(), (ends[0] - ends[1]) / 2e-6, rtol=1e-4)


def test_a_second_derivative_of_shares_that_others_read_too():
    """Gradients of logits are masked on the way: those of gradients go through the mask as well."""

    class Weighted(CrossEntropyLoss):
        def compute(self, inputs):
            self.weight_of_all = (1 - overlaps(inputs)[0].mean() / 20).detach()
            return super().compute(inputs) * self.weight_of_all

    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(2, 3, 5, 4)), paddle.to_tensor(rng.integers(0, 3, (2, 5, 4)))
    labels[0, :3] = 255

    def second(loss):
        z = paddle.to_tensor(logits, stop_gradient=False)
        (slope,) = paddle.grad(loss(z, labels), z, create_graph=True)
        (slope**2).sum().backward()
        return z.grad.numpy()

    with kernels.use_kernels("composed"):
        weighted = Weighted()
        found, plain = second(weighted), second(CrossEntropyLoss())
    np.testing.assert_allclose(found, plain * float(weighted.weight_of_all) ** 2, rtol=1e-6)
