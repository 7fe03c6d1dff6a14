"""Labels made compact, and counted."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.kernels.labels import class_counts, compact_labels, compact_one_hot
from paddleseg_losses.problem import Problem

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)


def _counts(labels, classes, ignored):
    """Of class indices `[N, 1, *S]`."""
    scores = paddle.zeros([labels.shape[0], classes, *labels.shape[2:]])
    return class_counts(Problem(scores, labels, "multiclass", ignored))


@pytest.mark.parametrize("classes", [4, 300])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_are_copied_and_counted(dtype, classes):
    labels = np.array([[0, 1, 2, 3, 7, 255, 255], [2, 2, 0, 1, 9, 250, 0]], dtype)
    for shift, ignored in ((0, 255), (-2, -1)) if dtype != "uint8" else ((0, 255), (0, -1)):
        given = labels + labels.dtype.type(shift) if shift >= 0 else labels + shift
        compact = compact_labels(paddle.to_tensor(given), classes, ignored)

        def kept(given, ignored=ignored):
            return np.where(given == ignored, 10**6, given.astype("int64"))

        inside = (given >= 0) & (given < classes) & (given != ignored)
        np.testing.assert_array_equal(
            compact.counts, [[(row == k).sum() for k in range(classes)] for row in kept(given)]
        )
        assert compact.wrong == (~inside & (given != ignored)).sum()
        np.testing.assert_array_equal(compact.labels.numpy(), np.where(inside, given, compact.ignore_index))


@pytest.mark.parametrize("classes", [1, 2, 8, 9, 300])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_of_each_class_are_counted(dtype, classes):
    """More than one part of 65 536 labels; below and above the number of classes that are compared one by one."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, min(classes + 2, 256), (2, 3, 300, 251)).astype(dtype)
    for ignored in (255, 1, -1):
        kept = np.where(labels == ignored, 10**6, labels.astype("int64"))
        expected = np.stack([(kept == k).sum((2, 3)) for k in range(classes)], axis=-1)
        given = paddle.to_tensor(labels)
        if classes == 2:
            apart = class_counts(Problem(given.astype("float32"), given, "multilabel", ignored))
            np.testing.assert_array_equal(apart, expected)
        np.testing.assert_array_equal(_counts(given[:, :1], classes, ignored), expected[:, 0])
        np.testing.assert_array_equal(compact_labels(given, classes, ignored, channels=True).counts, expected)
        np.testing.assert_array_equal(compact_labels(given, classes, ignored).counts, expected.sum(axis=1))


def test_negative_labels_are_counted_nowhere():
    labels = paddle.to_tensor(np.array([[[-1, -256, 0, 256, 2**40]]]))
    np.testing.assert_array_equal(_counts(labels, 2, 255), [[1, 0]])


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("size", [191, 192, 193, 70001])
def test_counts_of_one_label_alone(size, dtype):
    """More of a label in a row than the smallest type can count."""
    labels = paddle.full([1, 1, size], 1, dtype)
    assert _counts(labels, 2, 255).tolist() == [[0, size]]
    assert _counts(labels, 9, 255).tolist() == [[0, size, *[0] * 7]]


@pytest.mark.parametrize("classes", [2, 5, 300])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("ignored", [255, -1, 7, 2**40])
def test_one_hot_labels_become_indices(dtype, classes, ignored):
    """More than one chunk and one part; some pixels left out, some with no 1, two of them, or another number."""
    rng = np.random.default_rng(1)
    indices = rng.integers(0, classes, (2, 271, 257))
    hot = (indices[:, None] == np.arange(classes)[:, None, None]).astype(dtype)
    kinds = rng.random(indices.shape)
    can_ignore = dtype != "uint8" or 0 <= ignored < 256
    if dtype == "int32" and ignored > 2**31:
        can_ignore = False
    left_out = (kinds < 0.1) & can_ignore
    moved = hot.transpose(0, 2, 3, 1)
    if can_ignore:
        moved[left_out] = ignored
    none, two, other = (kinds > 0.9) & (kinds < 0.93), (kinds >= 0.93) & (kinds < 0.96), kinds >= 0.96
    moved[none] = 0
    moved[two, 0] = moved[two, 1] = 1
    moved[other, 1] = 3
    hot = np.ascontiguousarray(moved.transpose(0, 3, 1, 2))
    compact = compact_one_hot(paddle.to_tensor(hot), ignored)
    expected = np.where(left_out, compact.ignore_index, (hot == 1).argmax(axis=1))
    np.testing.assert_array_equal(compact.labels.numpy()[:, 0], expected)
    assert compact.wrong == (none | two | other).sum()
    counted = np.where(left_out, -5, expected)
    np.testing.assert_array_equal(compact.counts, [[(row == k).sum() for k in range(classes)] for row in counted])
