"""The kernel that counts pixels taken for another class: equal to NumPy."""

import numpy as np
import pytest

from paddleseg_losses.kernels.misses import label_misses
from tests.kernels.problems import LARGE, tensors

pytestmark = pytest.mark.usefixtures("native")


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
@pytest.mark.parametrize("case", LARGE, ids=str)
def test_misses(case, dtype):
    logits, labels, _, given = tensors(case, dtype)
    valid = labels != 255
    axes = (0, *range(2, logits.ndim))
    if case.mode == "multiclass":
        wrong = valid & (np.nan_to_num(logits).argmax(axis=1, keepdims=True) != labels)
        expected = [[(wrong & (labels == c)).sum() for c in range(case.channels)], [0] * case.channels]
    else:
        said = np.nan_to_num(logits) > 0
        expected = [(valid & (labels == 1) & ~said).sum(axis=axes), (valid & (labels == 0) & said).sum(axis=axes)]
    np.testing.assert_array_equal(label_misses(given), expected)
