"""Reading the layout of a caller's tensors: shapes, dtypes and the kind of problem; misfits are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from . import registry
from .errors import InputError
from .numeric import name_of
from .problem import Problem
from .registry import SupportedInputs

Tensor = Any


@dataclass(frozen=True)
class LayoutReader:
    """What a loss expects of tensors, fixed when it is made."""

    name: str  # of the loss, for messages
    supported: SupportedInputs
    mode: str | None
    ignore_index: int
    from_logits: bool
    channels_last: bool

    def __post_init__(self) -> None:
        if self.mode is not None and self.mode not in self.supported.modes:
            raise InputError(*self._wrong_mode(self.mode))

    def read(self, scores: Any, labels: Any) -> Problem:
        """Both in one layout; labels of a multiclass problem may still have one channel for each class."""
        scores = self._scores(scores)
        labels, per_channel = self._layout(self._tensor(labels, "labels"), scores)
        mode = self._mode(scores.shape[1], per_channel)
        if not self.from_logits and mode in self.supported.logits_only:
            raise InputError(
                f"{self.name}: from_logits=False in a {mode} problem.",
                "logits: the loss reads them themselves, and probabilities do not determine them",
                "pass the model's raw output and leave from_logits=True",
            )
        soft = bool(paddle.is_floating_point(labels))
        if soft:
            self._require_soft(scores.shape[1], per_channel, labels)
            labels = labels.astype(scores.dtype)
        elif per_channel and mode == "multiclass":
            self._require_clear()
        return Problem(scores, labels, mode, self.ignore_index, soft=soft, from_logits=self.from_logits)

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

    def _scores(self, scores: Any) -> Tensor:
        logits = self._tensor(scores, "logits")
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
        (n, c, *space), shape = list(logits.shape), list(labels.shape)
        if same_shape(shape, [n, *space]):
            return labels.unsqueeze(1), False
        if same_shape(shape, [n, 1, *space]):
            return labels, False
        if self.channels_last and same_shape(shape, [n, *space, 1]):
            return _channels_first(labels), False
        if self.channels_last and same_shape(shape, [n, *space, c]):
            return _channels_first(labels), True
        if not self.channels_last and same_shape(shape, [n, c, *space]):
            return labels, True
        colours = shape[-1:] in ([3], [4]) or (len(shape) == len(space) + 2 and shape[1] in (3, 4))
        raise InputError(
            f"{self.name}: labels have shape {shape}, logits {[n, c, *space]}.",
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
        if mode not in self.supported.modes:
            raise InputError(*self._wrong_mode(mode, per_channel))
        return mode

    def _wrong_mode(self, mode: str, per_channel: bool = False) -> tuple[str, str, str]:
        others = ", ".join(registry.names(mode=mode))
        hint = (
            "; for one-hot or soft labels set mode='multiclass'"
            if per_channel and "multiclass" in self.supported.modes
            else ""
        )
        return (
            f"{self.name} was given a {mode} problem.",
            f"{' or '.join(self.supported.modes)}",
            f"for {mode} problems use one of {others}{hint}",
        )

    def _require_soft(self, channels: int, per_channel: bool, labels: Tensor) -> None:
        if not self.supported.soft:
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

    def _require_clear(self) -> None:
        """One-hot labels hold 0 and 1, so neither can say that a pixel is to be left out."""
        if self.ignore_index in (0, 1):
            raise InputError(
                f"{self.name}: one-hot labels with ignore_index={self.ignore_index}.",
                "an ignore_index that is neither 0 nor 1, in all channels of a pixel to leave out",
                "pass class indices [N, *S], or mark ignored pixels by 255 in every channel",
            )


def same_shape(shape: list[int], expected: list[int]) -> bool:
    """Whether shapes agree; -1 (unknown in a static graph) agrees with everything."""
    return len(shape) == len(expected) and all(-1 in (a, b) or a == b for a, b in zip(shape, expected))


def _channels_first(x: Tensor) -> Tensor:
    return x.transpose([0, x.ndim - 1, *range(1, x.ndim - 1)])
