"""Where PaddleSeg and others compute something else under the same name."""

import numpy as np
import paddle
import pytest

import paddleseg_losses as losses

from . import OBJECT, P_TRUE, G, P, Y, Z, binary, ours, shown

IGNORED = Y.copy()
IGNORED[:, :2] = 255


@pytest.fixture(scope="module")
def paddlesegs():
    """PaddleSeg's own losses."""
    return pytest.importorskip("paddleseg.models.losses", reason="PaddleSeg is not installed")


def tensors(z, y):
    return paddle.to_tensor(z.astype("float32")), paddle.to_tensor(y.astype("int64"))


@shown
def test_one_dice_has_many_values():
    def dice(smooth, axes):
        tp, total = (P * G).sum(axis=axes), (P + G).sum(axis=axes)
        return ((2 * tp + smooth) / (total + smooth)).mean()

    sample, batch = (2, 3), (0, 2, 3)
    assert ours(losses.DiceLoss()) == pytest.approx(1 - dice(1.0, sample))
    assert ours(losses.DiceLoss(smooth=0, batch=True)) == pytest.approx(1 - dice(0.0, batch))
    return {
        "one": 1 - dice(1.0, sample),
        "small": 1 - dice(1e-5, sample),
        "batch": 1 - dice(0.0, batch),
        "negative": -dice(1.0, sample),
    }


@shown
def test_dice_of_paddleseg_overwrites_labels(paddlesegs):
    z, y = tensors(Z, IGNORED)
    entropy = losses.CrossEntropyLoss()
    before = float(entropy(z, y))
    paddlesegs.DiceLoss(ignore_index=255)(z, y)
    after = float(entropy(z, y))
    z, y = tensors(Z, IGNORED)
    losses.DiceLoss()(z, y)
    assert float(entropy(z, y)) == before
    # Where an earlier term has kept the labels, its backward pass stops.
    z.stop_gradient = False
    earlier = paddle.nn.functional.cross_entropy(z, y, axis=1, ignore_index=255)
    paddlesegs.DiceLoss(ignore_index=255)(z.detach(), y)
    with pytest.raises(RuntimeError, match="inplace"):
        earlier.backward()
    return {"before": before, "after": after}


@shown
def test_hinge_of_paddleseg_with_two_channels(paddlesegs):
    z, y = tensors(np.stack([-60 * (2 * OBJECT - 1), 60 * (2 * OBJECT - 1)], axis=1), OBJECT)
    return {"paddleseg": float(paddlesegs.LovaszHingeLoss()(z, y)), "ours": float(losses.LovaszHingeLoss()(z, y))}


@shown
def test_focal_of_paddleseg_on_two_channels_is_two_sigmoids(paddlesegs):
    z, y = tensors(Z[:, :2], OBJECT)
    both = paddle.to_tensor(np.stack([1 - OBJECT, OBJECT], axis=1).astype("int64"))
    theirs = float(paddlesegs.FocalLoss()(z, y))
    assert float(losses.FocalLoss(alpha=0.25, mode="multilabel")(z, both)) == pytest.approx(theirs, rel=1e-5)
    return {"paddleseg": theirs, "ours": float(losses.FocalLoss()(z, y))}


@shown
def test_dynamic_weights_of_paddleseg_count_ignored_pixels(paddlesegs):
    y = np.where(IGNORED == 2, 1, IGNORED)
    theirs = float(paddlesegs.BCELoss(weight="dynamic", ignore_index=255)(*tensors(Z[:, :1], y)))
    balanced = losses.BalancedCrossEntropyLoss(batch=True)
    value = 2 * binary(balanced, g=y)
    whole = np.where(Y == 2, 1, Y)
    assert float(paddlesegs.BCELoss(weight="dynamic")(*tensors(Z[:, :1], whole))) == pytest.approx(
        2 * binary(balanced, g=whole), rel=1e-5
    )
    several = tensors(Z, G)
    return {
        "paddleseg": theirs,
        "ours": value,
        "several_paddleseg": float(paddlesegs.BCELoss(weight="dynamic")(*several)),
        "several_ours": 2 * float(balanced(*several)),
    }


@shown
def test_dice_and_cross_entropy_of_nnu_net():
    def nnu_net(axes):
        tp, both = ((x.sum(axis=axes))[..., 1:] for x in (P * G, P + G))
        return -np.log(P_TRUE).mean() - ((2 * tp + 1e-5) / (both + 1e-5)).mean()

    numbers = {"ours": ours(losses.DiceCELoss())}
    for name, batch, axes in (("sample", False, (2, 3)), ("batch", True, (0, 2, 3))):
        numbers[name] = nnu_net(axes)
        same = losses.DiceCELoss(include_background=False, smooth=1e-5, batch=batch)
        assert ours(same) == pytest.approx(numbers[name] + 1)
    return numbers


@shown
def test_dice_of_kornia_pools_the_classes():
    tp, both = ((x.sum(axis=(1, 2, 3))) for x in (P * G, P + G))
    kornia = (1 - 2 * tp / both).mean()
    assert ours(losses.GeneralizedDiceLoss(w_type="uniform", smooth=0)) == pytest.approx(kornia)
    return {"kornia": kornia, "ours": ours(losses.DiceLoss(smooth=0))}


@shown
def test_a_mask_before_the_activation():
    mask = IGNORED != 255
    z, g = Z[:, 0] * mask, OBJECT * mask
    p = 1 / (1 + np.exp(-z))
    tp, both = ((x.sum(axis=(1, 2))) for x in (p * g, p + g))
    value = binary(losses.DiceLoss(smooth=0), g=np.where(mask, OBJECT, 255))
    return {"masked": (1 - 2 * tp / both).mean(), "ours": value}
