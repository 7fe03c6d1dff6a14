"""kornia's losses."""

from __future__ import annotations

from kornia import losses

from ..cases import IGNORED, Shape
from . import Entry, binary, multiclass, planar


def _flat(shape: Shape) -> bool:
    return multiclass(shape) and planar(shape)


def _dice(shape: Shape):
    return lambda logits, labels: losses.dice_loss(logits, labels, average="macro", ignore_index=IGNORED)


def _tversky(shape: Shape):
    return lambda logits, labels: losses.tversky_loss(logits, labels, 0.3, 0.7, ignore_index=IGNORED)


def _focal(shape: Shape):
    def loss(logits, labels):
        return losses.focal_loss(logits, labels, alpha=None, reduction="mean", ignore_index=IGNORED)

    return loss


def _erosions(shape: Shape):
    loss = losses.HausdorffERLoss()
    return lambda logits, labels: loss(logits.softmax(1), labels.unsqueeze(1))


TABLE = {
    "DiceLoss": Entry(_dice, takes=_flat, differs="no smoothing"),
    "TverskyLoss": Entry(_tversky, takes=_flat, differs="no smoothing, classes pooled"),
    "FocalLoss": Entry(_focal, takes=multiclass, differs="mean over all pixels and classes"),
    "LovaszSoftmaxLoss": Entry(lambda shape: losses.lovasz_softmax_loss, takes=_flat, ignores=False),
    "LovaszHingeLoss": Entry(
        lambda shape: losses.lovasz_hinge_loss,
        takes=lambda shape: binary(shape) and planar(shape),
        ignores=False,
    ),
    "HausdorffERLoss": Entry(_erosions, takes=_flat, ignores=False),
}
