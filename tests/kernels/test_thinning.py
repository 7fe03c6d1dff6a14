"""Thinning by the kernel and by NumPy: the same skeletons, with as many parts and holes as the regions."""

import numpy as np
import pytest
from scipy import ndimage

from paddleseg_losses import kernels
from paddleseg_losses.functional.thinning import host_tubes
from tests.reference import skeletons

PATHS = ["composed", pytest.param("native", marks=pytest.mark.skipif(not kernels.library(), reason="not built"))]


def _blobs(space, seed, share=0.45, smooth=1.0):
    """Regions of random shape, one pixel wide here and many there."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random(space), smooth)
    return noise < np.quantile(noise, share)


def _labels(space, seed):
    """Four classes, of which two are often neighbours, and some ignored pixels."""
    rng = np.random.default_rng(seed)
    labels = sum(
        _blobs((2, *space), 3 * seed + k, share, (0, *[1.0] * len(space))) for k, share in enumerate((0.6, 0.4, 0.2))
    )
    labels[rng.random(labels.shape) < 0.05] = 255
    return labels


def _skeleton(region):
    return host_tubes(region[None].astype("uint8"), 2, 255, 0, True)[0] > 0


def _parts(region):
    return ndimage.label(region, np.ones([3] * region.ndim))[1]


@pytest.mark.skipif(not kernels.library(), reason="not built")
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "int16"])
@pytest.mark.parametrize("space", [(19,), (23, 31), (1, 9), (1, 1), (9, 8, 11), (1, 7, 9), (6, 1, 1)], ids=str)
@pytest.mark.parametrize(("radius", "merge"), [(0, True), (2, True), (0, False), (50, False)])
def test_the_kernel_finds_what_numpy_finds(space, dtype, radius, merge):
    labels = _labels(space, seed=len(space)).astype(dtype)
    with kernels.use_kernels("native"):
        tubes = host_tubes(labels, 4, 255, radius, merge)
    with kernels.use_kernels("composed"):
        expected = host_tubes(labels, 4, 255, radius, merge)
    np.testing.assert_array_equal(tubes, expected)
    assert tubes.dtype == expected.dtype == np.uint8
    assert tubes.any() or not (np.isin(labels, (1, 2, 3))).any()


@pytest.mark.skipif(not kernels.library(), reason="not built")
def test_many_threads_find_the_same(monkeypatch):
    labels = _labels((257, 190), seed=5)
    results = []
    for threads in ("1", "7"):
        monkeypatch.setenv("PADDLESEG_LOSSES_THREADS", threads)
        results.append(host_tubes(labels, 4, 255, 2, False))
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("space", [(17, 23), (7, 8, 6)], ids=str)
@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_skeletons_are_those_of_the_reference(space, smooth, path):
    region = _blobs(space, seed=8, smooth=smooth)
    with kernels.use_kernels(path):
        np.testing.assert_array_equal(_skeleton(region), skeletons.skeleton(region))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seed", range(3))
def test_images_are_thinned_as_by_scikit_image(seed, path):
    skimage = pytest.importorskip("skimage.morphology", reason="scikit-image is not installed")
    with kernels.use_kernels(path):
        for smooth in (0.0, 1.0, 2.0):
            region = _blobs((40, 53), seed, smooth=smooth)
            np.testing.assert_array_equal(_skeleton(region), skimage.skeletonize(region))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("space", [(40, 53), (9, 11, 8)], ids=str)
@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_no_part_and_no_hole_is_lost(space, smooth, path):
    with kernels.use_kernels(path):
        for seed in range(3):
            region = _blobs(space, seed, smooth=smooth)
            skeleton = _skeleton(region)
            assert not (skeleton & ~region).any()
            assert _parts(skeleton) == _parts(region)
            if len(space) == 3:
                assert skeletons.euler(skeleton) == skeletons.euler(region)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("shape", [(2, 2, 10), (4, 4, 10), (10, 2, 2), (3, 3, 3)], ids=str)
def test_a_bar_does_not_vanish(shape, path):
    """As it does in scikit-image, whose second look at a voxel asks less than its first."""
    region = np.pad(np.ones(shape, bool), 2)
    with kernels.use_kernels(path):
        skeleton = _skeleton(region)
    assert _parts(skeleton) == skeletons.euler(skeleton) == 1
    assert skeleton.sum() <= max(shape)


@pytest.mark.parametrize("path", PATHS)
def test_tubes_stay_in_their_class(path):
    """Two classes side by side have one skeleton together, apart one each; no tube is wider than its class."""
    labels = np.zeros((1, 9, 20), "uint8")
    labels[0, 2:5], labels[0, 5:8] = 1, 2
    with kernels.use_kernels(path):
        together, apart = (host_tubes(labels, 3, 255, 1, merge)[0] > 0 for merge in (True, False))
        everything = host_tubes(labels, 3, 255, 100, False)[0] > 0
    np.testing.assert_array_equal(everything, labels[0] > 0)
    assert sorted(set(np.nonzero(together)[0])) == [3, 4, 5, 6]  # around the common border
    assert sorted(set(np.nonzero(apart)[0])) == [2, 3, 4, 5, 6, 7]
    assert not (together | apart)[labels[0] == 0].any()
