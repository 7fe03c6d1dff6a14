"""Distance maps: native code, the host and the device agree with brute force."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.functional import edt
from tests.reference.common import nearest

SHAPES = [(13,), (6, 9), (5, 4, 7)]


def _brute(mask, spacing):
    out = np.zeros(mask.shape)
    if mask.any() and not mask.all():
        out[mask] = nearest(mask, ~mask, spacing)
        out[~mask] = nearest(~mask, mask, spacing)
    return out


@pytest.mark.parametrize("path", ["native", "composed"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_arrays_are_measured_where_data_is_loaded(path, shape):
    masks = np.random.default_rng(0).random((3, *shape)) < 0.3
    masks[1], masks[2] = True, False
    spacing = [0.5, 2.0, 3.25][: len(shape)]
    expected = np.stack([_brute(mask, spacing) for mask in masks])
    with kernels.use_kernels(path):
        actual = edt.host_map(masks, spacing)
        strided = edt.host_map(masks.T.copy().T, spacing)
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=1e-6)
    np.testing.assert_array_equal(strided, actual)


@pytest.mark.parametrize("path", ["native", "composed", "threads", "device"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("stretched", [False, True])
def test_equal_to_brute_force(path, shape, stretched, monkeypatch):
    monkeypatch.setattr(edt, "BLOCK", 200)  # several blocks
    monkeypatch.setattr(edt, "FEW", 0 if path == "threads" else edt.FEW)
    spacing = [0.5, 2.0, 3.25][: len(shape)] if stretched else [1.0] * len(shape)
    masks = np.random.default_rng(0).random((2, 3, *shape)) < 0.3
    masks[0, 1] = True
    masks[1, 2] = False
    tensor = paddle.to_tensor(masks)
    if path == "device":
        actual = edt._on_device(tensor, spacing, "float64").numpy()
    else:
        with kernels.use_kernels("native" if path == "native" else "composed"):
            actual = edt.boundary_distance(tensor, spacing, "float64").numpy()
    expected = np.stack([np.stack([_brute(m, spacing) for m in sample]) for sample in masks])
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_large_units_on_the_device_in_single_precision():
    mask = paddle.to_tensor(np.eye(1, 300, dtype=bool)[None])
    actual = edt._on_device(mask, [1e4], "float32").numpy()
    np.testing.assert_allclose(actual[0, 0, 1:], np.arange(1, 300) * 1e4, rtol=1e-6)
