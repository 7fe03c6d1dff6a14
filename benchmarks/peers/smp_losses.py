"""segmentation_models.pytorch's losses, imported without its encoders: those need a torchvision that fits."""

from __future__ import annotations

import importlib.util
import sys
import types

import torch

from ..cases import IGNORED, Shape
from . import Entry, binary, multiclass


def _losses_alone():
    name = "segmentation_models_pytorch"
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    parent = types.ModuleType(name)
    parent.__path__ = list(spec.submodule_search_locations or [])
    sys.modules.setdefault(name, parent)
    return importlib.import_module(f"{name}.losses")


losses = _losses_alone()


def _entry(cls, takes=None, differs="", **options):
    def make(shape: Shape):
        return cls(shape.mode, ignore_index=IGNORED, **options)

    return Entry(make, takes or (lambda shape: True), differs=differs)


def _binary_entropy(shape: Shape):
    loss = losses.SoftBCEWithLogitsLoss(ignore_index=IGNORED)
    return lambda logits, labels: loss(logits, labels.unsqueeze(1).to(torch.float32))


def _hinge(shape: Shape):
    return losses.LovaszLoss("binary", ignore_index=IGNORED)


BATCH = "over the batch"
TABLE = {
    "CrossEntropyLoss": Entry(
        lambda shape: losses.SoftCrossEntropyLoss(smooth_factor=0.0, ignore_index=IGNORED),
        multiclass,
        differs="mean over all pixels",
    ),
    "BinaryCrossEntropyLoss": Entry(_binary_entropy, takes=binary, differs="mean over all pixels"),
    "FocalLoss": _entry(losses.FocalLoss, differs="multiclass: a sigmoid for each class"),
    "DiceLoss": _entry(losses.DiceLoss, smooth=0.5, differs=BATCH),
    "JaccardLoss": _entry(losses.JaccardLoss, smooth=1.0, differs=BATCH),
    "TverskyLoss": _entry(losses.TverskyLoss, smooth=1.0, alpha=0.3, beta=0.7, differs=BATCH),
    "LovaszSoftmaxLoss": _entry(losses.LovaszLoss, takes=multiclass),
    "LovaszHingeLoss": Entry(_hinge, takes=binary),
}
