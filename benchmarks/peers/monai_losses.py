"""MONAI's losses. Those without an `ignore_index` are given labels without ignored pixels."""

from __future__ import annotations

import inspect

from monai import losses

from ..cases import IGNORED, Shape
from . import Entry, multiclass


def _entry(cls, sums=True, takes=None, differs="", **options):
    """With the activation of the shape, labels as `[N, 1, *S]`, and what else our defaults ask for."""
    known = inspect.signature(cls.__init__).parameters
    ignores = "ignore_index" in known

    def make(shape: Shape):
        many = shape.mode == "multiclass"
        given = {"to_onehot_y": many, "softmax": many, "sigmoid": not many, "use_softmax": many}
        given = {name: value for name, value in given.items() if name in known}
        if ignores:
            given["ignore_index"] = IGNORED
        if sums:
            given.update(smooth_nr=1.0, smooth_dr=1.0)
        loss = cls(**{**given, **options})
        return lambda logits, labels: loss(logits, labels.unsqueeze(1))

    return Entry(make, takes or (lambda shape: True), ignores, differs)


def _nacl(shape: Shape):
    return losses.NACLLoss(classes=shape.size[1], dim=len(shape.size) - 2)


def _wasserstein(shape: Shape):
    import numpy as np

    loss = losses.GeneralizedWassersteinDiceLoss(1.0 - np.eye(shape.size[1]))
    return lambda logits, labels: loss(logits, labels.unsqueeze(1))


def _two_classes(shape: Shape) -> bool:
    return shape.size[1] == 2


TABLE = {
    "FocalLoss": _entry(losses.FocalLoss, sums=False),
    "DiceLoss": _entry(losses.DiceLoss),
    "JaccardLoss": _entry(losses.DiceLoss, jaccard=True),
    "TverskyLoss": _entry(losses.TverskyLoss, alpha=0.3, beta=0.7),
    "GeneralizedDiceLoss": _entry(losses.GeneralizedDiceLoss, sums=False),
    "GeneralizedWassersteinDiceLoss": Entry(_wasserstein, multiclass, ignores=False),
    "MCCLoss": _entry(losses.MCCLoss, sums=False, batch=True),
    "SoftCLDiceLoss": _entry(losses.SoftclDiceLoss),
    "NACLLoss": Entry(_nacl, multiclass, ignores=False),
    "HausdorffDTLoss": _entry(losses.HausdorffDTLoss, sums=False),
    "BoundaryLoss": _entry(losses.BoundaryLoss, sums=False, include_background=False),
    "DiceCELoss": _entry(losses.DiceCELoss),
    "DiceFocalLoss": _entry(losses.DiceFocalLoss, differs="multiclass: focal part with sigmoids"),
    "AsymmetricUnifiedFocalLoss": _entry(
        losses.AsymmetricUnifiedFocalLoss, sums=False, takes=_two_classes, differs="of probabilities, other options"
    ),
}
