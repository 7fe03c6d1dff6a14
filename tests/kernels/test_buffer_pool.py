"""Memory of large results: used again when nobody refers to it any more, and never before."""

import os

import numpy as np
import paddle
import pytest

from paddleseg_losses import CrossEntropyLoss, kernels
from paddleseg_losses.kernels import buffer_pool

pytestmark = pytest.mark.skipif(
    not (buffer_pool.SUPPORTED and buffer_pool._shares()),
    reason="this system or this Paddle gives results fresh memory",
)
SHAPE = [1, 2, 1024, 1024]  # 8 MiB


@pytest.fixture(autouse=True)
def _nothing_idle():
    buffer_pool._idle.clear()


def _made():
    return buffer_pool.empty_like(paddle.zeros(SHAPE))


def test_a_block_comes_back_when_its_last_tensor_goes():
    x = _made()
    place = x.data_ptr()
    view, changed = x.reshape([-1]).detach(), x + 1
    del x
    assert not buffer_pool._idle
    del view
    assert len(buffer_pool._idle) == 1
    assert _made().data_ptr() == place
    assert changed.data_ptr() != place


def test_living_results_share_nothing():
    several = [_made() for _ in range(6)]
    assert len({x.data_ptr() for x in several}) == 6
    for k, x in enumerate(several):
        x.fill_(k)
    assert [float(x.mean()) for x in several] == list(range(6))
    del several, x
    assert len(buffer_pool._idle) == buffer_pool.KEPT


def test_small_results_and_other_sizes_take_other_memory():
    place = _made().data_ptr()
    small, other = (buffer_pool.empty_like(paddle.zeros(shape)) for shape in ([4, 4], [1, 2, 1024, 1025]))
    assert list(other.shape) == [1, 2, 1024, 1025]
    assert list(small.shape) == [4, 4]
    assert other.data_ptr() != place
    assert len(buffer_pool._idle) == 1


def test_gradients_that_are_kept_stay_what_they_are():
    """Three heads, each with its loss, and a step whose gradients outlive the next one's."""
    labels = paddle.to_tensor(np.random.default_rng(0).integers(0, 2, (1, 1024, 1024)))
    loss, kept = CrossEntropyLoss(), []
    with kernels.use_kernels("native"):
        for step in range(3):
            heads = [paddle.full(SHAPE, 0.0) for _ in range(3)]
            for k, head in enumerate(heads):
                head[:, 0] = 0.1 * (step + k)
                head.stop_gradient = False
            sum(loss(head, labels) for head in heads).backward()
            kept.append([head.grad for head in heads])
    with kernels.use_kernels("composed"):
        for step, slopes in enumerate(kept):
            for k, slope in enumerate(slopes):
                head = paddle.full(SHAPE, 0.0)
                head[:, 0] = 0.1 * (step + k)
                head.stop_gradient = False
                loss(head, labels).backward()
                np.testing.assert_allclose(slope.numpy(), head.grad.numpy(), rtol=1e-5, atol=1e-13)


def test_accumulated_gradients_are_sums():
    labels = paddle.to_tensor(np.random.default_rng(0).integers(0, 2, (1, 1024, 1024)))
    loss, z = CrossEntropyLoss(), paddle.zeros(SHAPE)
    z.stop_gradient = False
    with kernels.use_kernels("native"):
        loss(z, labels).backward()
        once = z.grad.numpy().copy()
        loss(z, labels).backward()
        np.testing.assert_array_equal(z.grad.numpy(), 2 * once)
        z.clear_grad()
        loss(z, labels).backward()
        np.testing.assert_array_equal(z.grad.numpy(), once)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_child_has_blocks_of_its_own():
    x = _made()
    x.fill_(1.0)
    address = x.data_ptr()
    child = os.fork()
    if child == 0:  # neither Paddle nor an assertion here: only what memory does
        np.ctypeslib.as_array((__import__("ctypes").c_float * 4).from_address(address))[:] = 7.0
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert float(x.max()) == 1.0
