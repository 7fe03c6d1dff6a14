"""Distances in the unit of each sample: what a batch gives is what its samples give one by one."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from paddleseg_losses import build, errors, kernels
from paddleseg_losses.transforms import DistanceMaps, known_maps, known_spacing
from tests.laws.cases import value_and_gradient

ROWS = [[1.5, 0.75], [1.0, 3.0], [0.5, 0.5]]
LOSSES = ["BoundaryLoss", "HausdorffDTLoss", "DistancePenalizedCELoss", "ShapeAwareLoss"]
PATHS = pytest.mark.parametrize("path", ["auto", "composed"])


def _data(channels=3, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(3, channels, 9, 7)).astype("float32")
    labels = rng.integers(0, max(channels, 2), (3, 9, 7))
    labels[0, :2] = 255
    return logits, labels


@PATHS
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_each_sample_has_its_own(name, channels, path):
    logits, labels = _data(channels)
    with kernels.use_kernels(path):
        with known_spacing(ROWS):
            values, gradients = value_and_gradient(build(name, reduction="none"), logits, labels)
        for i, row in enumerate(ROWS):
            alone = build(name, reduction="none", spacing=row)
            value, gradient = value_and_gradient(alone, logits[i : i + 1], labels[i : i + 1])
            np.testing.assert_allclose(values[i : i + 1], value, rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(gradients[i : i + 1], gradient, rtol=1e-6, atol=1e-7)


@PATHS
@pytest.mark.parametrize("rows", [ROWS[0], [ROWS[0]], [ROWS[0]] * 3], ids=["one", "row", "rows"])
def test_a_common_spacing_is_that_of_the_option(rows, path):
    logits, labels = _data()
    with kernels.use_kernels(path):
        expected = value_and_gradient(build("BoundaryLoss", spacing=ROWS[0]), logits, labels)
        with known_spacing(rows):
            actual = value_and_gradient(build("BoundaryLoss"), logits, labels)
    assert actual[0] == expected[0]
    np.testing.assert_array_equal(actual[1], expected[1])


def test_the_option_wins_and_nothing_else_is_touched():
    logits, labels = _data()
    for loss in (build("BoundaryLoss", spacing=1), build("DiceLoss")):
        expected = value_and_gradient(loss, logits, labels)
        with known_spacing(ROWS):
            actual = value_and_gradient(loss, logits, labels)
        assert actual[0] == expected[0]


@PATHS
def test_smaller_outputs_have_larger_voxels(path):
    logits, labels = _data()
    with kernels.use_kernels(path):
        expected = value_and_gradient(build("BoundaryLoss", spacing=[2.0, 6.0]), logits, labels)
        with known_spacing([1.0, 2.0], space=[18, 21]):
            actual = value_and_gradient(build("BoundaryLoss"), logits, labels)
    assert actual[0] == expected[0]


@PATHS
@pytest.mark.parametrize("name", ["BoundaryLoss", "HausdorffDTLoss", "DistancePenalizedCELoss"])
def test_known_maps_of_each_spacing_are_used(name, path, recwarn):
    logits, labels = _data()
    made = [DistanceMaps(3).of(label, row) for label, row in zip(labels, ROWS)]
    maps = {key: np.stack([each[key] for each in made]) for key in made[0]}
    loss = build(name)
    with kernels.use_kernels(path), known_spacing(ROWS):
        expected = value_and_gradient(loss, logits, labels)
        with known_maps(maps):
            actual = value_and_gradient(loss, logits, labels)
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(actual[1], expected[1], rtol=1e-6, atol=1e-9)
    assert not recwarn.list


def test_inner_blocks_and_none():
    logits, labels = _data()
    loss = build("BoundaryLoss")
    with known_spacing(ROWS[0]):
        outer = value_and_gradient(loss, logits, labels)[0]
        with known_spacing(None):
            assert value_and_gradient(loss, logits, labels)[0] == outer
        with known_spacing(ROWS[1]):
            assert value_and_gradient(loss, logits, labels)[0] != outer
        assert value_and_gradient(loss, logits, labels)[0] == outer


def test_each_thread_has_its_own():
    logits, labels = _data()
    loss = build("BoundaryLoss")
    plain = value_and_gradient(loss, logits, labels)[0]
    with known_spacing(ROWS[0]), ThreadPoolExecutor(1) as pool:
        assert value_and_gradient(loss, logits, labels)[0] != plain
        assert pool.submit(value_and_gradient, loss, logits, labels).result()[0] == plain


@pytest.mark.parametrize("rows", [[1.0, 1.0, 1.0], ROWS[:2]], ids=["axes", "samples"])
def test_what_does_not_fit_is_said(rows):
    logits, labels = _data()
    plain = value_and_gradient(build("BoundaryLoss"), logits, labels)
    with known_spacing(rows), pytest.warns(UserWarning, match="the spacing of the batch is not used"):
        actual = value_and_gradient(build("BoundaryLoss"), logits, labels)
    assert actual[0] == plain[0]


@pytest.mark.parametrize("wrong", [[], [0.0, 1.0], [[1.0, float("nan")]], [[[1.0]]]], ids=str)
def test_what_is_no_spacing_is_refused(wrong):
    with pytest.raises(errors.InputError, match="known_spacing was given"), known_spacing(wrong):
        raise AssertionError("never entered")
