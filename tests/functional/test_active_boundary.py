"""What the active boundary loss makes of masks without waiting for a device."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.functional.active_boundary import numbers_of_most


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("spare", [0, 5])
def test_numbers_of_most(share, spare):
    mask = np.random.default_rng(0).random(97) < share
    places = np.flatnonzero(mask)
    actual = numbers_of_most(paddle.to_tensor(mask), len(places) + spare).numpy()
    assert actual.shape == (len(places) + spare + 1,)
    np.testing.assert_array_equal(actual[: len(places)], places)
    assert ((actual >= 0) & (actual < 97)).all()
