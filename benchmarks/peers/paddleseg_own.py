"""PaddleSeg's losses, with the shims that let them run on a current Paddle."""

from __future__ import annotations

from contextlib import ExitStack
from functools import lru_cache

from paddleseg.models import losses
from paddleseg.models.losses.focal_loss import MultiClassFocalLoss

from paddleseg_losses.paddleseg.shims import fixed

from ..cases import Shape
from . import Entry, binary, multiclass, planar


@lru_cache(maxsize=1)
def _mend() -> ExitStack:
    """For the whole process: CrossEntropyLoss multiplies integers by floats, DiceLoss writes into the caller's labels.

    Not when this is imported: the shims try Paddle's operators, and after that the process cannot be forked.
    """
    stack = ExitStack()
    stack.enter_context(fixed())
    return stack


def _own(make):
    def make_fixed(shape: Shape):
        _mend()
        return make(shape)

    return make_fixed


def _flat(shape: Shape) -> bool:
    return multiclass(shape) and planar(shape)


def _one_or_two(shape: Shape) -> bool:
    return planar(shape) and shape.size[1] <= 2


TABLE = {
    "CrossEntropyLoss": Entry(_own(lambda shape: losses.CrossEntropyLoss()), takes=_flat),
    "BinaryCrossEntropyLoss": Entry(_own(lambda shape: losses.BCELoss()), takes=binary),
    "FocalLoss": Entry(_own(lambda shape: MultiClassFocalLoss(num_class=shape.size[1])), takes=_flat),
    "DiceLoss": Entry(_own(lambda shape: losses.DiceLoss()), takes=_flat),
    "LovaszSoftmaxLoss": Entry(_own(lambda shape: losses.LovaszSoftmaxLoss()), takes=_flat),
    "LovaszHingeLoss": Entry(
        _own(lambda shape: losses.LovaszHingeLoss()), takes=_one_or_two, differs="two channels: another unary score"
    ),
}
