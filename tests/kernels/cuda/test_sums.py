"""What blocks have left is added up, whatever the shapes, in any order of the threads."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.kernels.cuda import tiling
from tests.kernels.cuda import fake


@pytest.mark.parametrize("turn_order", [0, 1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 2, 4), (2, 1000, 3), (1, 129, 150)], ids=str)
def test_parts_are_added_up(shim, shape, turn_order):
    parts = np.random.default_rng(0).normal(size=shape).astype("float32")
    with fake.on_card(shim, turn_order):
        total = tiling.add_up(paddle.to_tensor(parts)).numpy()
    np.testing.assert_allclose(total, parts.sum(1, dtype="float64"), rtol=1e-6, atol=1e-6)
    assert total.shape == (shape[0], *shape[2:])


@pytest.mark.parametrize(("planes", "size"), [(1, 1), (4, 512 * 512), (8, 1 << 30)])
def test_a_tile_is_whole_blocks(planes, size):
    tile = tiling.tile_of(planes, size)
    assert tile % tiling.BLOCK == 0
    assert tiling.BLOCK <= tile <= 4096
    assert planes * -(-size // tile) < 1 << 31
