"""Opening the door: what a caller may pass, what it becomes, and what is refused and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import paddle

from . import registry
from .accepts import Accepts
from .errors import InputError
from .inputs import Inputs, Raw, Tensor
from .kernels import applies
from .kernels.labels import compact_labels
from .kernels.problem import LABEL_BYTES
from .numeric import name_of
from .validation import (
    check_class_labels,
    check_pixel_weight,
    check_probabilities,
    check_soft_labels,
    outside,
    unbalanced,
)

CLIP = 1e-7  # probabilities are kept this far from 0 (and from 1 under a sigmoid) before the logarithm


@dataclass(frozen=True)
class Door:
    """Everything that turns a caller's tensors into `Inputs`, fixed when the loss is made."""

    name: str  # of the loss, for messages
    accepts: Accepts
    mode: str | None
    ignore_index: int
    from_logits: bool
    channels_last: bool

    def __post_init__(self) -> None:
        if self.mode is not None and self.mode not in self.accepts.modes:
            raise InputError(*self._wrong_mode(self.mode))

    def prepare(self, logits: Any, labels: Any, pixel_weight: Any = None, check: str = "raise") -> Inputs:
        """Clean one call's tensors.

        Args:
            logits: model output of any float dtype.
            labels: class indices, multilabel or soft targets.
            pixel_weight: one weight a pixel, or None.
            check: what to do about wrong values: 'raise' looks at them, which waits for the device; 'mark' notes
                them in `Inputs.flawed`, on the device; 'trust' does neither.
        """
        logits, labels, mode, per_channel = self._recognise(logits, labels)
        soft = bool(paddle.is_floating_point(labels))
        shares = mode == "multiclass" and per_channel
        classes = logits.shape[1] if mode == "multiclass" and not per_channel else 2
        native = not soft and not shares and applies(logits)
        if not soft and not (native and labels.dtype in LABEL_BYTES):
            labels = labels.astype("int64")  # a narrow type could not be compared with every ignore_index
        if check == "raise":
            self._look(logits, labels if soft else labels.astype("int64"), mode, classes, soft or shares)
        ignore_index, valid, counts = self.ignore_index, None, None
        if native:
            found = compact_labels(labels, classes, self.ignore_index, channels=mode != "multiclass")
            labels, ignore_index, counts, wrong = found
            counted = bool(counts.any())
            flawed = self._marked(logits, labels, ignore_index, wrong > 0) if check == "mark" else None
        else:
            flawed, counted = self._counts(logits, labels, mode, classes, shares, check)
        if shares:
            valid = self._valid(labels, shares)
            labels = labels if soft else self._indices(labels)
        if not self.from_logits:
            logits = _to_logits(logits, mode)
        inputs = Inputs(
            source=Raw(logits, labels, ignore_index, valid),
            mode=mode,
            soft=soft,
            native=native,
            flawed=flawed,
            counted=counted,
            label_counts=counts,
        )
        if pixel_weight is None:
            return inputs
        return replace(inputs, pixel_weight=self._pixel_weight(pixel_weight, inputs, check))

    def _recognise(self, logits: Any, labels: Any) -> tuple[Tensor, Tensor, str, bool]:
        """Both in one layout, the kind of problem, and whether labels have one channel a class; refuse misfits."""
        logits = self._logits(logits)
        labels, per_channel = self._layout(self._tensor(labels, "labels"), logits)
        mode = self._mode(logits.shape[1], per_channel)
        if not self.from_logits and mode in self.accepts.logits_only:
            raise InputError(
                f"{self.name}: from_logits=False in a {mode} problem.",
                "logits: the loss reads them themselves, and probabilities do not determine them",
                "pass the model's raw output and leave from_logits=True",
            )
        if paddle.is_floating_point(labels):
            self._require_soft(logits.shape[1], per_channel, labels)
            labels = labels.astype(logits.dtype)
        elif per_channel and mode == "multiclass":
            self._require_clear()
        return logits, labels, mode, per_channel

    def _valid(self, labels: Tensor, shares: bool) -> Tensor:
        valid = labels != self.ignore_index
        return valid.any(axis=1, keepdim=True) if shares else valid  # ignored where every channel says so

    def _indices(self, labels: Tensor) -> Tensor:
        """One-hot integers as class indices; labels out of range are nothing."""
        hot = paddle.logical_and(labels == 1, labels != self.ignore_index)
        return hot.astype("int64").argmax(axis=1, keepdim=True)

    def _require_clear(self) -> None:
        """One-hot labels hold 0 and 1, so neither can say that a pixel is to be left out."""
        if self.ignore_index in (0, 1):
            raise InputError(
                f"{self.name}: one-hot labels with ignore_index={self.ignore_index}.",
                "an ignore_index that is neither 0 nor 1, in all channels of a pixel to leave out",
                "pass class indices [N, *S], or mark ignored pixels by 255 in every channel",
            )

    def _marked(self, logits: Tensor, labels: Tensor, ignore_index: int, wrong: bool) -> bool:
        """Whether a value is wrong, if labels are or not, for the kernels."""
        return wrong or (not self.from_logits and bool(outside(logits, labels != ignore_index, 1).any()))

    def _counts(
        self, logits: Tensor, labels: Tensor, mode: str, classes: int, shares: bool, check: str
    ) -> tuple[Tensor | None, Tensor]:
        """Whether a value is wrong (None: nobody asked), and whether any pixel counts; on the device."""
        valid = self._valid(labels, shares)
        flawed = None
        if check == "mark":
            wrong = outside(labels, valid, classes - 1)
            flawed = self._flawed(logits, labels, valid, wrong, shares)
        return flawed, valid.any()

    def _look(self, logits: Tensor, labels: Tensor, mode: str, classes: int, shares: bool) -> None:
        """Raise if a value is wrong."""
        valid = self._valid(labels, shares and mode == "multiclass")
        if not self.from_logits:
            check_probabilities(logits, valid, mode, self.name)
        if shares:
            check_soft_labels(labels, valid, mode, self.name)
        else:
            check_class_labels(labels, valid, classes, self.ignore_index, self.name)

    def _flawed(self, logits: Tensor, labels: Tensor, valid: Tensor, wrong: Tensor, balanced: bool) -> Tensor:
        """Whether a value is wrong, on the device."""
        flawed = wrong.any()
        if balanced:
            flawed = paddle.logical_or(flawed, unbalanced(labels, valid).any())
        if not self.from_logits:
            flawed = paddle.logical_or(flawed, outside(logits, valid, 1).any())
        return flawed

    def _tensor(self, value: Any, what: str) -> Tensor:
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            # Paddle reads uint16, a common type of masks, as bfloat16.
            return paddle.to_tensor(value if value.dtype.kind == "f" else value.astype("int64"))
        readable = hasattr(value, "astype") and hasattr(value, "shape") and not isinstance(value, np.ndarray)
        if readable and not paddle.is_complex(value):
            return value
        size = f" of {len(value)}" if isinstance(value, (list, tuple)) else ""
        kind = f"{value.dtype} array" if isinstance(value, np.ndarray) else type(value).__name__
        heads = "PaddleSeg models return a list with one Tensor for each head: pass one of them, for example logits[0]"
        raise InputError(
            f"{self.name}: {what} is a {kind}{size}.",
            "a Tensor of real numbers",
            heads if what == "logits" else f"paddle.to_tensor({what}) makes one of numbers",
        )

    def _logits(self, logits: Any) -> Tensor:
        logits = self._tensor(logits, "logits")
        shape = list(logits.shape)
        layout = "[N, *S, C]" if self.channels_last else "[N, C, *S]"
        if not 3 <= len(shape) <= 5 or 0 in shape:
            raise InputError(
                f"{self.name}: logits have shape {shape}.",
                f"{layout} with 1 to 3 spatial axes and no empty axis",
                "add the missing axis, for example logits.unsqueeze(0) for a single image",
            )
        if not paddle.is_floating_point(logits):
            raise InputError(
                f"{self.name}: logits are {name_of(logits.dtype)}.",
                "floating-point scores of every class, before softmax or sigmoid",
                "pass the model's output, not its argmax",
            )
        if self.channels_last:
            logits = _channels_first(logits)
        return logits if logits.dtype == paddle.float64 else logits.astype("float32")

    def _layout(self, labels: Tensor, logits: Tensor) -> tuple[Tensor, bool]:
        """Give labels the layout `[N, 1 or C, *S]`; true where they have one channel a class."""
        (n, c, *space), found = list(logits.shape), list(labels.shape)
        if _same(found, [n, *space]):
            return labels.unsqueeze(1), False
        if _same(found, [n, 1, *space]):
            return labels, False
        if self.channels_last and _same(found, [n, *space, 1]):
            return _channels_first(labels), False
        if self.channels_last and _same(found, [n, *space, c]):
            return _channels_first(labels), True
        if not self.channels_last and _same(found, [n, c, *space]):
            return labels, True
        colours = found[-1:] in ([3], [4]) or (len(found) == len(space) + 2 and found[1] in (3, 4))
        raise InputError(
            f"{self.name}: labels have shape {found}, logits {[n, c, *space]}.",
            f"labels {[n, *space]} of class indices"
            + (f", or {[n, c, *space]} of 0 and 1 (multilabel)" if c > 1 else ""),
            "this looks like an RGB(A) mask: turn its colours into class indices first"
            if colours
            else "resize logits or labels to the same size, and look for a lost or swapped axis",
        )

    def _mode(self, channels: int, per_channel: bool) -> str:
        inferred = "binary" if channels == 1 else "multilabel" if per_channel else "multiclass"
        mode = self.mode or inferred
        fits = mode == inferred or (mode == "multiclass" and per_channel) or (mode == "multilabel" and channels == 1)
        if not fits:
            raise InputError(
                f"{self.name}: mode={mode!r}, but logits have {channels} channel(s) and labels "
                f"{'one channel a class' if per_channel else 'one index a pixel'}.",
                "binary: 1 channel; multiclass: 2 or more and an index a pixel; multilabel: labels [N, C, *S]",
                f"leave mode out: it is then {inferred!r}",
            )
        if mode not in self.accepts.modes:
            raise InputError(*self._wrong_mode(mode, per_channel))
        return mode

    def _wrong_mode(self, mode: str, per_channel: bool = False) -> tuple[str, str, str]:
        others = ", ".join(registry.names(mode=mode))
        hint = (
            "; for one-hot or soft labels set mode='multiclass'"
            if per_channel and "multiclass" in self.accepts.modes
            else ""
        )
        return (
            f"{self.name} was given a {mode} problem.",
            f"{' or '.join(self.accepts.modes)}",
            f"for {mode} problems use one of {others}{hint}",
        )

    def _require_soft(self, channels: int, per_channel: bool, labels: Tensor) -> None:
        if not self.accepts.soft:
            raise InputError(
                f"{self.name}: labels are {name_of(labels.dtype)}.",
                "integer labels: this loss has no form for soft targets",
                "labels.astype('int64'), if they hold class indices",
            )
        if channels > 1 and not per_channel:
            raise InputError(
                f"{self.name}: labels are {name_of(labels.dtype)} with one number a pixel, logits have {channels} "
                "channels.",
                "class indices as integers, or soft targets with one channel a class",
                "labels.astype('int64'), if they hold class indices",
            )

    def _pixel_weight(self, weight: Any, inputs: Inputs, check: str) -> Tensor:
        weight = self._tensor(weight, "pixel_weight")
        logits = inputs.source.logits
        n, _, *space = list(logits.shape)
        if _same(list(weight.shape), [n, *space]):
            weight = weight.unsqueeze(1)
        if not _same(list(weight.shape), [n, 1, *space]):
            raise InputError(
                f"{self.name}: pixel_weight has shape {list(weight.shape)}.",
                f"one weight a pixel, {[n, *space]}",
                "resize it like the labels",
            )
        weight = weight.astype(logits.dtype).detach()
        valid = inputs.valid.any(axis=1, keepdim=True)
        if check == "raise":
            check_pixel_weight(weight, valid, self.name)
        return paddle.where(valid, weight, paddle.zeros_like(weight))


def _same(found: list[int], expected: list[int]) -> bool:
    """Whether shapes agree; -1 (unknown in a static graph) agrees with everything."""
    return len(found) == len(expected) and all(-1 in (a, b) or a == b for a, b in zip(found, expected))


def _channels_first(x: Tensor) -> Tensor:
    return x.transpose([0, x.ndim - 1, *range(1, x.ndim - 1)])


def _to_logits(p: Tensor, mode: str) -> Tensor:
    if mode == "multiclass":
        return paddle.log(p.clip(CLIP, 1.0))
    p = p.clip(CLIP, 1.0 - CLIP)
    return paddle.log(p) - paddle.log1p(-p)
