"""PaddleSeg's losses, with the shims that let them run on a current Paddle."""

from __future__ import annotations

from contextlib import ExitStack

from paddleseg.models import losses
from paddleseg.models.losses.focal_loss import MultiClassFocalLoss

from paddleseg_losses.integrations.shims import mended

from ..cases import Shape
from . import Entry, binary, multiclass, planar

# For the whole process: CrossEntropyLoss multiplies integers by floats, DiceLoss writes into the labels that it is given.
_mended = ExitStack()
_mended.enter_context(mended())


def _flat(shape: Shape) -> bool:
    return multiclass(shape) and planar(shape)


def _one_or_two(shape: Shape) -> bool:
    return planar(shape) and shape.size[1] <= 2


TABLE = {
    "CrossEntropyLoss": Entry(lambda shape: losses.CrossEntropyLoss(), takes=_flat),
    "BinaryCrossEntropyLoss": Entry(lambda shape: losses.BCELoss(), takes=binary),
    "FocalLoss": Entry(lambda shape: MultiClassFocalLoss(num_class=shape.size[1]), takes=_flat),
    "DiceLoss": Entry(lambda shape: losses.DiceLoss(), takes=_flat),
    "LovaszSoftmaxLoss": Entry(lambda shape: losses.LovaszSoftmaxLoss(), takes=_flat),
    "LovaszHingeLoss": Entry(
        lambda shape: losses.LovaszHingeLoss(), takes=_one_or_two, differs="two channels: another unary score"
    ),
}
