"""Our losses and transforms as MedicalSeg calls them.

Its loops ask a loss whose class is called `DiceLoss`, and no other, for the Dice that they log and choose the best
model by. So each name of ours means a class of that name, which holds the loss and reports that Dice.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import paddle
from paddle import nn

from ...losses import DiceLoss
from ...losses.base import Loss
from ...precomputed_maps import unknown_maps
from ...resized import labels_at
from ...transforms import LabelMaps

Tensor = Any

REPORTING = ("DiceLoss", "DC_and_CE_loss", "MultipleLoss")  # MedicalSeg's own losses that give a Dice besides


class ReportingLoss(nn.Layer):  # type: ignore[misc]
    """A loss of ours and the Dice of each class."""

    loss_class: type[Loss]

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.loss = self.loss_class(**{name: _bare_option(value) for name, value in options.items()})
        shared = {name: getattr(self.loss, name) for name in ("ignore_index", "mode", "from_logits", "data_format")}
        self.dice = DiceLoss(**shared, squared_pred=True, smooth=0.0, batch=True, reduction="none", checks="never")

    @property
    def ignore_index(self) -> int | tuple[int, ...] | None:
        """The label that is left out, or several."""
        return self.loss.ignore_index

    def forward(self, logits: Any, labels: Any) -> tuple[Tensor, Any]:
        """The loss `[1]`, and the Dice of each class over the batch, an array `[C]`."""
        outputs, truths = _each(logits), _each(labels)
        truths = truths if len(truths) == len(outputs) else truths[:1] * len(outputs)
        outputs = [_with_batch(*pair) for pair in zip(outputs, truths)]
        truths = [_as_indices(*pair) for pair in zip(outputs, truths)]
        value = self.loss(outputs, truths) if isinstance(logits, (list, tuple)) else self.loss(outputs[0], truths[0])
        with paddle.no_grad(), unknown_maps():  # of the finest output; a Dice to report has no weights of pixels
            dice = 1 - self.dice(outputs[0], labels_at(outputs[0], truths[0]))
        return value.reshape([1]), dice.numpy()  # evaluation indexes the loss

    def __repr__(self) -> str:
        """That of the loss."""
        return repr(self.loss)


@functools.cache
def adapted(cls: type[Loss]) -> type[ReportingLoss]:
    """The class that stands for a loss of ours in MedicalSeg's registry."""
    signature = inspect.signature(cls)
    facts = {"loss_class": cls, "__signature__": signature, "__doc__": cls.__doc__, "__module__": __name__}
    return type("DiceLoss", (ReportingLoss,), facts)


def bare(loss: Any) -> Any:
    """A loss of ours that was built through MedicalSeg's registry; anything else is what it is."""
    return loss.loss if isinstance(loss, ReportingLoss) else loss


class _ValueOf(nn.Layer):  # type: ignore[misc]
    """A loss of MedicalSeg's as a term of ours: its value without its Dice."""

    def __init__(self, loss: Any) -> None:
        super().__init__()
        self.loss, self.__name__ = loss, type(loss).__name__

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self.loss(logits, labels)[0].reshape([])


def _bare_option(value: Any) -> Any:
    """A loss, or a list of losses, as our constructors want them; any other value."""
    if isinstance(value, list):
        return [_bare_option(item) for item in value]
    if type(value).__name__ == "MixedLoss":  # made for this option alone
        value.losses = [_bare_option(item) for item in value.losses]
    if isinstance(value, ReportingLoss):
        return value.loss
    foreign = type(value).__name__ in REPORTING and not isinstance(value, Loss)
    return _ValueOf(value) if foreign else value


def _each(given: Any) -> list[Tensor]:
    """Tensors of each output, if there are several in a list."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _with_batch(logits: Tensor, labels: Tensor) -> Tensor:
    """Evaluation hands on the logits of one volume without its batch axis, `[C, D, H, W]`; its labels keep theirs."""
    lost = logits.ndim == labels.ndim == 4 and list(logits.shape[1:]) == list(labels.shape[1:])
    return logits.unsqueeze(0) if lost and labels.shape[0] == 1 else logits


def _as_indices(logits: Tensor, labels: Tensor) -> Tensor:
    """The nnU-Net in MedicalSeg makes class indices floats, `[N, 1, *S]`."""
    indices = paddle.is_floating_point(labels) and labels.ndim == logits.ndim and labels.shape[1] == 1
    return labels.astype("int64") if indices and logits.shape[1] > 1 else labels


@functools.cache
def adapted_transform(cls: type) -> type:
    """The class that stands for a transform of ours: MedicalSeg calls it with an image and a label."""

    def transform(self: Any, image: Any, label: Any = None) -> tuple[Any, Any]:
        if label is None:
            return image, label
        if isinstance(self, LabelMaps):  # whose maps are made when the sample is complete
            return image, self.relabelled(label)
        return image, cls.__call__(self, {"label": label})["label"]

    return type(cls.__name__, (cls,), {"__call__": transform, "__doc__": cls.__doc__, "__module__": __name__})
