"""Labels made compact, and counted."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import kernels
from paddleseg_losses.kernels.labels import compact_labels, label_counts

pytestmark = pytest.mark.skipif(
    kernels.status()["library"].startswith("not built"), reason="no C++ compiler was found at installation"
)


@pytest.mark.parametrize("classes", [4, 300])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_are_copied_and_counted(dtype, classes):
    labels = np.array([[0, 1, 2, 3, 7, 255, 255], [2, 2, 0, 1, 9, 250, 0]], dtype)
    for shift, ignored in ((0, 255), (-2, -1)) if dtype != "uint8" else ((0, 255), (0, -1)):
        given = labels + labels.dtype.type(shift) if shift >= 0 else labels + shift
        found = compact_labels(paddle.to_tensor(given), classes, ignored)

        def kept(given, ignored=ignored):
            return np.where(given == ignored, 10**6, given.astype("int64"))

        inside = (given >= 0) & (given < classes) & (given != ignored)
        np.testing.assert_array_equal(found.counts, [[(row == k).sum() for k in range(classes)] for row in kept(given)])
        assert found.wrong == (~inside & (given != ignored)).sum()
        np.testing.assert_array_equal(found.labels.numpy(), np.where(inside, given, found.ignore_index))


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
        np.testing.assert_array_equal(label_counts(given, classes, ignored, channels=True), expected)
        np.testing.assert_array_equal(label_counts(given, classes, ignored), expected.sum(axis=1))
        np.testing.assert_array_equal(compact_labels(given, classes, ignored, channels=True).counts, expected)
        np.testing.assert_array_equal(compact_labels(given, classes, ignored).counts, expected.sum(axis=1))


def test_negative_labels_are_counted_nowhere():
    labels = paddle.to_tensor(np.array([[-1, -256, 0, 256, 2**40]]))
    np.testing.assert_array_equal(label_counts(labels, 2, 255), [[1, 0]])


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("size", [191, 192, 193, 70001])
def test_counts_of_one_label_alone(size, dtype):
    """More of a label in a row than the smallest type can count."""
    labels = paddle.full([1, 1, size], 1, dtype)
    assert label_counts(labels, 2, 255).tolist() == [[0, size]]
    assert label_counts(labels, 9, 255).tolist() == [[0, size, *[0] * 7]]
