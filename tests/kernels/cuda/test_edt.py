"""Distance maps on a card: equal to those of native code in float64, whatever the shape and the size of a pixel."""

import numpy as np
import paddle
import pytest

from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.edt import boundary_distance, host_distance, squared_distance_to
from paddleseg_losses.kernels.cuda import edt
from tests.kernels.cuda import fake
from tests.kernels.cuda.agreement import TURN_ORDERS, assert_same_bits

SHAPES = [(1,), (23,), (1, 7), (9, 1), (13, 37), (41, 3), (5, 4, 7), (2, 17, 3), (1, 1, 1), (3, 1, 8)]
SPACING = (0.5, 2.0, 3.25)


def _masks(shape, share):
    """The last sample is full, then empty."""
    masks = np.random.default_rng(0).random((2, 2, *shape)) < share
    masks[1, 0], masks[1, 1] = True, False
    return masks


@pytest.mark.parametrize("share", [0.5, 0.05])
@pytest.mark.parametrize("spacing", [None, SPACING], ids=["equal", "stretched"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equal_to_float64(card, shape, spacing, share):
    spacing, masks = spacing and spacing[: len(shape)], _masks(shape, share)
    actual = edt.distance_map(paddle.to_tensor(masks), spacing).numpy()
    np.testing.assert_allclose(actual, host_distance(masks, spacing or [1.0] * len(shape)), rtol=2e-7)


def test_squares_are_whole_numbers(card):
    masks = _masks((19, 26), 0.02)
    squares = edt.distance_map(paddle.to_tensor(masks), squared=True).numpy()
    assert np.array_equal(squares, np.rint(host_distance(masks, [1.0, 1.0]) ** 2))
    assert squares.max() > 100


def test_an_axis_too_long_for_16_bits(card, monkeypatch):
    masks = _masks((31, 6), 0.04)
    expected = edt.distance_map(paddle.to_tensor(masks)).numpy()
    monkeypatch.setattr(edt, "LONGEST", 30)
    assert np.array_equal(edt.distance_map(paddle.to_tensor(masks)).numpy(), expected)
    assert card.names.count("edt_middle") == 1
    with pytest.raises(KernelError, match="31, 6, 2"):
        edt.distance_map(paddle.zeros([1, 1, 31, 6, 2], "bool"))


@pytest.mark.parametrize("unit", [1e-30, 1e-20, 1e30])
def test_any_unit_of_length(card, unit):
    masks, spacing = _masks((9, 11), 0.2), (unit, 3 * unit)
    actual = edt.distance_map(paddle.to_tensor(masks), spacing).numpy()
    np.testing.assert_allclose(actual, host_distance(masks, spacing), rtol=2e-7)


def test_sides_whose_squares_have_no_ratio_are_refused(card):
    with pytest.raises(KernelError, match="ratio"):
        edt.distance_map(paddle.zeros([1, 1, 3, 4], "bool"), (1e-20, 1.0))


def test_the_losses_maps_are_made_there(card):
    """Whoever asks `functional` gets these."""
    masks = _masks((7, 12), 0.1)
    tensor = paddle.to_tensor(masks)
    expected = host_distance(masks, (1.0, 2.0))
    np.testing.assert_allclose(boundary_distance(tensor, (1.0, 2.0)).numpy(), expected, rtol=2e-7)
    squares = np.where(masks, 0, host_distance(masks, (1.0, 1.0)) ** 2)
    assert np.array_equal(squared_distance_to(tensor).numpy(), np.rint(squares))
    assert card.names.count("edt_distance") == 2


def test_the_same_in_any_order_of_the_threads(shim):
    mask, results = paddle.to_tensor(_masks((6, 5, 9), 0.1)), []
    for order in TURN_ORDERS:
        with fake.on_card(shim, order):
            results.append([edt.distance_map(mask, SPACING).numpy()])
    assert_same_bits(results)


def test_a_region_in_a_corner_of_a_wide_image(card):
    """Who is far away begins to look where its columns begin."""
    masks = np.zeros((1, 1, 9, 300), bool)
    masks[..., 2:5, 7:11] = True
    actual = edt.distance_map(paddle.to_tensor(masks), SPACING[:2]).numpy()
    np.testing.assert_allclose(actual, host_distance(masks, SPACING[:2]), rtol=2e-7)
