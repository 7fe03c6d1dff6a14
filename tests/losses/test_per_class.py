"""Cells of samples and classes become one number."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import DiceLoss, kernels


@pytest.mark.parametrize("which", ["native", "composed"])
@pytest.mark.parametrize("ignored", [0, 1])
def test_a_cell_without_a_valid_pixel_is_0_whatever_its_formula_says(which, ignored):
    """Formulas of this package give 0 there themselves; one of a user may not."""
    labels = np.zeros((2, 3, 4), "int64")
    labels[:ignored] = 255
    with kernels.use_kernels(which if kernels.status()["active"] == "native" else "composed"):
        loss = DiceLoss()
        inputs = loss.prepare(paddle.zeros([2, 3, 3, 4]), paddle.to_tensor(labels))
        mean = loss.reduce(paddle.ones([2, 3]), inputs)
    assert float(mean) == (2 - ignored) / 2
