"""Losses of maps and of sorted errors read logits in half precision as they are, as if they were float32."""

import numpy as np
import paddle
import pytest

from paddleseg_losses import BoundaryLoss, HausdorffDTLoss, LovaszHingeLoss, LovaszSoftmaxLoss, SoftCLDiceLoss
from tests.kernels.regions import blocks_of
from tests.laws.cases import Case, value_and_gradient

LOSSES = {
    BoundaryLoss: "distance_weighted",
    HausdorffDTLoss: "distance_weighted",
    LovaszHingeLoss: "lovasz_grow",
    LovaszSoftmaxLoss: "lovasz_grow",
    SoftCLDiceLoss: "centerline_sums",
}


@pytest.mark.parametrize(("dtype", "step"), [("float16", 1e-3), ("bfloat16", 8e-3)])
@pytest.mark.parametrize("cls", LOSSES)
def test_equal_to_float64_of_the_rounded_logits(card, cls, dtype, step):
    case = Case("multiclass", 2 if cls is LovaszHingeLoss else 3, (7, 10))
    labels = blocks_of(case)
    half = paddle.to_tensor(case.logits(dtype="float32")).astype(dtype)
    z = half.detach()
    z.stop_gradient = False
    loss = cls()(z, paddle.to_tensor(labels))
    loss.backward()
    assert LOSSES[cls] in card.names
    assert any(name.endswith({"float16": "_f16", "bfloat16": "_bf16"}[dtype]) for name in card.names)
    assert not any(name.endswith("_f32") for name in card.names)
    value, gradient = value_and_gradient(cls(), half.astype("float64").numpy(), labels)
    np.testing.assert_allclose(float(loss), value, rtol=1e-5)
    slope = z.grad.astype("float64").numpy()
    np.testing.assert_allclose(slope, gradient, rtol=0, atol=step * np.abs(gradient).max())
