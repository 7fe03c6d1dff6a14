"""Native distance maps: equal to brute force and to the composed path, whatever the shape, threads and layout."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.errors import KernelError
from paddleseg_losses.functional.edt import boundary_distance
from paddleseg_losses.kernels import edt
from tests.reference.common import nearest

pytestmark = pytest.mark.usefixtures("native")

SHAPES = [(1,), (40,), (1, 7), (9, 1), (13, 37), (40, 3), (5, 4, 7), (2, 33, 3), (1, 1, 1)]
SHAPES += [(300,), (3, 211), (190, 2), (2, 160, 3), (70, 150)]  # with pixels that look further than their neighbours
SPACING = (0.5, 2.0, 3.25)


def _masks(shape, kind, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "noise":
        masks = rng.random((2, 3, *shape)) < 0.4
    elif kind == "sparse":
        masks = rng.random((2, 3, *shape)) < 0.02
    elif kind == "patches":  # noise, then far from it, along every axis
        masks = rng.random((2, 3, *shape)) < 0.4
        for axis, length in enumerate(shape, start=2):
            masks &= np.arange(length).reshape([-1 if a == axis else 1 for a in range(masks.ndim)]) % 130 < 40
    else:  # far from every boundary
        masks = np.zeros((2, 3, *shape), bool)
        masks[..., : max(1, shape[-1] // 5)] = True
    masks[0, 1], masks[1, 2] = True, False
    return masks


def _brute(masks, spacing):
    out = np.zeros(masks.shape)
    for index in np.ndindex(masks.shape[:2]):
        mask, distances = masks[index], out[index]
        if mask.any() and not mask.all():
            distances[mask], distances[~mask] = nearest(mask, ~mask, spacing), nearest(~mask, mask, spacing)
    return out


@pytest.mark.parametrize("kind", ["noise", "sparse", "deep", "patches"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("stretched", [False, True])
def test_equal_to_brute_force(shape, kind, stretched):
    spacing = SPACING[: len(shape)] if stretched else None
    masks = _masks(shape, kind)
    expected = _brute(masks, spacing or (1.0,) * len(shape))
    tensor = paddle.to_tensor(masks)
    np.testing.assert_allclose(edt.distance_map(tensor, spacing, "float64").numpy(), expected, rtol=1e-14)
    single = edt.distance_map(tensor, spacing, "float32")
    assert single.dtype == paddle.float32
    np.testing.assert_allclose(single.numpy(), expected, rtol=1e-7)


def test_squares_are_exact():
    squares = edt.distance_map(paddle.to_tensor(_masks((60, 70), "sparse")), dtype="float64").numpy() ** 2
    np.testing.assert_allclose(squares, np.rint(squares), atol=1e-11)


@pytest.mark.parametrize("spacing", [None, (0.7, 1.3)])
def test_equal_to_the_composed_path(spacing):
    mask = paddle.to_tensor(_masks((50, 61), "sparse"))
    with kernels.use_kernels("native"):
        native = boundary_distance(mask, spacing, "float64").numpy()
    with kernels.use_kernels("composed"):
        composed = boundary_distance(mask, spacing, "float64").numpy()
    np.testing.assert_allclose(native, composed, rtol=1e-12)


@pytest.mark.parametrize("maps", [1, 3], ids="{} maps".format)
@pytest.mark.parametrize("kind", ["noise", "deep"])
def test_same_bits_on_any_number_of_threads(maps, kind, monkeypatch):
    mask = paddle.to_tensor(_masks((301, 117), kind)[:1, :maps])
    results = []
    for count in "125":
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", count)
        results.append(edt.distance_map(mask).numpy())
    assert results[0].any()
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


def test_pixels_as_long_as_they_may_be():
    masks = _masks((3, 90), "sparse")
    for steps in [(1e70, 1e-70), (1e-70, 1e70)]:
        actual = edt.distance_map(paddle.to_tensor(masks), steps, "float64").numpy()
        np.testing.assert_allclose(actual, _brute(masks, steps), rtol=1e-14)


def test_any_dtype_and_layout_of_mask():
    masks = _masks((13, 18), "noise")
    expected = edt.distance_map(paddle.to_tensor(masks)).numpy()
    for dtype in ("uint8", "int64", "float32"):
        assert np.array_equal(edt.distance_map(paddle.to_tensor(masks).astype(dtype) * 3).numpy(), expected)
    turned = paddle.to_tensor(masks.transpose(0, 1, 3, 2).copy()).transpose([0, 1, 3, 2])
    assert np.array_equal(edt.distance_map(turned).numpy(), expected)


def test_far_pixels_in_single_precision():
    """Squares beyond 2^24 are whole numbers still."""
    mask = paddle.zeros([1, 1, 2, 5000], "bool")
    mask[0, 0, 0, 0] = True
    distances = edt.distance_map(mask, dtype="float64").numpy()[0, 0]
    np.testing.assert_array_equal(distances[1], np.hypot(1.0, np.arange(5000.0)))


@pytest.mark.parametrize(
    ("shape", "spacing", "dtype", "text"),
    [
        ((2, 3), None, "float32", "1 to 3 axes"),
        ((2, 3, 0), None, "float32", "empty images"),
        ((0, 3, 4), None, "float32", "empty batches"),
        ((1, 1, 2, 2, 2, 2), None, "float32", "1 to 3 axes"),
        ((1, 1, 4, 5), (1.0,), "float32", "spacing"),
        ((1, 1, 4, 5), (1.0, -1.0), "float32", "spacing"),
        ((1, 1, 4, 5), (1.0, float("nan")), "float32", "spacing"),
        ((1, 1, 4, 5), (1e71, 1.0), "float32", "between 1e-70 and 1e\\+70"),
        ((1, 1, 4, 5), None, "int64", "float32 or float64"),
    ],
)
def test_refuses_what_native_code_could_not_check(shape, spacing, dtype, text):
    with pytest.raises(KernelError, match=text):
        edt.distance_map(paddle.zeros(shape, "bool"), spacing, dtype)
