"""This package with its kernels off: the same losses composed of Paddle's operators."""

from __future__ import annotations

from paddleseg_losses import kernels
from paddleseg_losses.functional.edt import squared_boundary_distance

from ..cases import EDT, Shape
from . import Entry, ours

LARGE = ("A", "B", "C", "D", "binary", "wide")
SHOWN = ("CrossEntropyLoss", "FocalLoss", "DiceLoss", "LovaszSoftmaxLoss", "StructuralSimilarityLoss")  # on those


def _without_kernels(name: str, entry: Entry) -> Entry:
    def make(shape: Shape):
        loss = entry.make(shape)

        def call(logits, labels):
            with kernels.use_kernels("composed"):
                return loss(logits, labels)

        return call

    def takes(shape: Shape) -> bool:
        return entry.takes(shape) and (shape.name not in LARGE or name in SHOWN)

    return Entry(make, takes)


def _distance(mask):
    """To both sides, as `boundary_distance` measures it on a device."""
    steps = [1.0] * (mask.ndim - 2)
    both = squared_boundary_distance(mask, steps, "float32")
    return both.sqrt()


TABLE = {name: _without_kernels(name, entry) for name, entry in ours.TABLE.items() if name != EDT}
TABLE[EDT] = Entry(lambda shape: _distance)
