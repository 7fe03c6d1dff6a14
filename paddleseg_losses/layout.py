"""Reading the layout of a caller's tensors: shapes, dtypes and the kind of problem; misfits are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import paddle

from . import registry
from .conversion import indices_of_bfloat16, of_truth_values, shares_of_bfloat16
from .errors import InputError
from .given_values import tensor_of_numbers
from .i18n import CLAUSES, Text, _, counts, listed
from .ignored_labels import IgnoredLabels
from .kernels import LABEL_TYPES, readable
from .label_sets import LabelSets
from .numeric import FLOATS, name_of
from .problem import Problem
from .registry import SupportedInputs
from .shape_advice import shape_advice

Tensor = Any


@dataclass(frozen=True)
class LayoutReader:
    """What a loss expects of tensors, fixed when it is made."""

    name: str  # of the loss, for messages
    supported: SupportedInputs
    mode: str | None
    ignored: IgnoredLabels
    label_sets: LabelSets
    from_logits: bool
    channels_last: bool

    def __post_init__(self) -> None:
        if self.mode is not None and self.mode not in self.supported.modes:
            raise InputError(*self._wrong_mode(self.mode))

    @property
    def _is_multilabel(self) -> bool:
        """Whether labels with one channel for each class are sure to be those of a multilabel problem."""
        return self.mode == "multilabel" or "multiclass" not in self.supported.modes

    def read(self, scores: Any, labels: Any) -> Problem:
        """Both in one layout; labels of a multiclass problem may still have one channel for each class."""
        scores = self._scores(scores)
        labels, per_channel = self._layout(self._tensor(labels, "labels"), scores)
        mode = self._mode(scores.shape[1], per_channel)
        shares = self.supported.soft and (per_channel or scores.shape[1] == 1)
        labels = self.ignored.merged(self._plain_labels(labels, indices=not shares))
        if not self.from_logits and mode in self.supported.logits_only:
            raise InputError(
                _("{name}: from_logits=False in a {mode} problem.", name=self.name, mode=mode),
                _("logits: the loss depends on the logits themselves, which probabilities do not determine"),
                _("pass the model's raw output and leave from_logits=True"),
            )
        soft = labels.dtype in FLOATS
        if soft:
            self._require_soft(scores.shape[1], per_channel, labels)
            labels = labels.astype("float64" if scores.dtype == paddle.float64 else "float32")
        else:
            if per_channel and mode == "multiclass":
                self._require_clear()
            if not labels.stop_gradient:  # whole numbers have no slope, for which an operation would be asked
                labels = labels.detach()
        if self.label_sets:
            self._require_indices(mode, per_channel, scores.shape[1])
        exclusive = mode == "multilabel" and scores.shape[1] > 1 and not per_channel
        return Problem(
            scores, labels, mode, self.ignored.one, soft=soft, from_logits=self.from_logits, exclusive=exclusive
        )

    def _tensor(self, value: Any, what: str) -> Tensor:
        return tensor_of_numbers(value, what, self.name, self.ignored)

    def _plain_labels(self, labels: Tensor, indices: bool) -> Tensor:
        """Labels of a type that says what they mean."""
        if labels.dtype in LABEL_TYPES:
            return labels
        if labels.dtype == paddle.bool:
            return of_truth_values(labels)
        if labels.dtype == paddle.bfloat16 and paddle.in_dynamic_mode():
            return indices_of_bfloat16(labels) if indices else shares_of_bfloat16(labels)
        return labels

    def _scores(self, scores: Any) -> Tensor:
        logits = self._tensor(scores, "logits")
        shape = list(logits.shape)
        layout = "[N, *S, C]" if self.channels_last else "[N, C, *S]"
        if not 3 <= len(shape) <= 5 or 0 in shape:
            cure = _("skip batches without samples") if 0 in shape else _("merge axes, or take one at a time")
            raise InputError(
                _("{name}: logits have shape {shape}.", name=self.name, shape=shape),
                _("{layout} with 1 to 3 spatial axes and no empty axis", layout=layout),
                _("add the missing axis, for example logits.unsqueeze(0) for a single image")
                if len(shape) < 3
                else cure,
            )
        channels = shape[-1 if self.channels_last else 1]
        if channels < 0:
            raise InputError(
                _("{name}: logits have shape {shape}, where -1 is not known.", name=self.name, shape=shape),
                _("a known number of channels; the other sizes may be left open"),
                _("give it in InputSpec, for example InputSpec([None, 19, None, None])"),
            )
        if logits.dtype not in FLOATS:
            raise InputError(
                _("{name}: logits are {dtype}.", name=self.name, dtype=name_of(logits.dtype)),
                _("floating-point scores of every class, before softmax or sigmoid"),
                _("pass the model's output, not its argmax"),
            )
        if self.channels_last:
            logits = _channels_first(logits)
        return readable(logits, half=self.from_logits and not self.label_sets)

    def _layout(self, labels: Tensor, logits: Tensor) -> tuple[Tensor, bool]:
        """Give labels the layout `[N, 1 or C, *S]`; true where they have one channel a class."""
        (n, c, *space), shape = list(logits.shape), list(labels.shape)
        channel = -1 if self.channels_last else 1
        if len(shape) == len(space) + 2 and shape[channel] < 0 and self._is_multilabel:
            shape[channel] = c  # open in a static graph
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
        raise InputError(
            _(
                "{name}: labels have shape {labels}, logits {logits}.",
                name=self.name,
                labels=shape,
                logits=[n, c, *space],
            ),
            _(
                "labels {shape} of class indices, or {multilabel} of 0 and 1 (multilabel)",
                shape=[n, *space],
                multilabel=[n, c, *space],
            )
            if c > 1
            else _("labels {shape} of class indices", shape=[n, *space]),
            shape_advice(shape, [n, c, *space], self.channels_last),
        )

    def _mode(self, channels: int, per_channel: bool) -> str:
        inferred = "binary" if channels == 1 else "multilabel" if per_channel else "multiclass"
        mode = self.mode or inferred
        fits = mode in (inferred, "multilabel") or (mode == "multiclass" and per_channel)
        if not fits:
            raise InputError(
                _(
                    "{name}: mode={mode!r}, but logits have {channels} and labels {layout}.",
                    name=self.name,
                    mode=mode,
                    channels=counts.channels(channels),
                    layout=_("one channel per class") if per_channel else _("one index per pixel"),
                ),
                _("binary: 1 channel; multiclass: 2 or more and one index per pixel; multilabel: labels [N, C, *S]"),
                _("omit mode: it is then {mode!r}", mode=inferred),
            )
        if mode not in self.supported.modes:
            raise InputError(*self._wrong_mode(mode, per_channel))
        return mode

    def _wrong_mode(self, mode: str, per_channel: bool = False) -> tuple[Text, Text, Text]:
        others = ", ".join(registry.nearest(self.name, registry.names(mode=mode)))
        cure = _(
            "for {mode} problems use another, such as {names} (`list --mode {mode}` shows all)", mode=mode, names=others
        )
        if per_channel and "multiclass" in self.supported.modes:
            cure = _("{cure}; for one-hot or soft labels set mode='multiclass'", cure=cure)
        if mode == "multiclass" and "multilabel" in self.supported.modes:
            cure = _("set mode='multilabel', so that each class has a sigmoid of its own; or {cure}", cure=cure)
        expected: Text = self.supported.modes[0]
        for other in self.supported.modes[1:]:
            expected = _("{one} or {other}", one=expected, other=other)
        return _("{name} does not support {mode} problems.", name=self.name, mode=mode), expected, cure

    def _require_soft(self, channels: int, per_channel: bool, labels: Tensor) -> None:
        if not self.supported.soft:
            cure, other = self._as_indices(labels), self.supported.instead_of_soft
            raise InputError(
                _("{name}: labels are {dtype}.", name=self.name, dtype=name_of(labels.dtype)),
                _("integer labels: this loss does not support soft targets"),
                cure if other is None else listed([cure, other], CLAUSES),
            )
        if channels > 1 and not per_channel:
            raise InputError(
                _(
                    "{name}: labels are {dtype} with one number per pixel, but logits have {channels} channels.",
                    name=self.name,
                    dtype=name_of(labels.dtype),
                    channels=channels,
                ),
                _("class indices as integers, or soft targets with one channel per class"),
                self._as_indices(labels),
            )

    def _as_indices(self, labels: Tensor) -> Text:
        if paddle.in_dynamic_mode() and bool(paddle.isnan(labels).any()):
            code = f"paddle.where(paddle.isnan(labels), paddle.full_like(labels, {self.ignored.example}), labels)"
            return _("first replace NaN by the ignore_index, {code}, then use .astype('int64')", code=code)
        return _("use labels.astype('int64') if they hold class indices")

    def _require_indices(self, mode: str, per_channel: bool, channels: int) -> None:
        """Label sets are of class indices, and of classes that there are."""
        if mode != "multiclass":
            raise InputError(
                _("{name}: label_sets in a {mode} problem.", name=self.name, mode=mode),
                _("a multiclass problem: only there does a pixel have one of several classes"),
                _("omit label_sets; set unknown channels of multilabel labels to the ignore_index"),
            )
        if per_channel:
            raise InputError(
                _("{name}: label_sets with one channel per class in the labels.", name=self.name),
                _("class indices [N, *S]"),
                _("use labels.argmax(axis=1), and the label of the set where a pixel is one of several classes"),
            )
        taken = sorted(set(self.label_sets.labels) & {*range(channels), *self.ignored.every})
        if taken:
            raise InputError(
                _("{name}: label_sets give {label} another meaning.", name=self.name, label=taken[0]),
                _(
                    "labels that are neither classes, 0 to {last}, nor ignored, {ignored}",
                    last=channels - 1,
                    ignored=self.ignored,
                ),
                _("choose another number, for example {label}", label=250 if channels <= 250 else channels),
            )
        unknown = sorted({c for _label, classes in self.label_sets.sets for c in classes if c >= channels})
        if unknown:
            raise InputError(
                _("{name}: label_sets hold class {label}.", name=self.name, label=unknown[0]),
                _("classes from {classes}", classes=f"0 to {channels - 1}"),
                _("remove the classes that the model does not have"),
            )

    def _require_clear(self) -> None:
        """One-hot labels hold 0 and 1, so neither can say that a pixel is to be left out."""
        if set(self.ignored.every) & {0, 1}:
            raise InputError(
                _(
                    "{name}: one-hot labels with ignore_index={ignore_index}.",
                    name=self.name,
                    ignore_index=self.ignored,
                ),
                _("an ignore_index that is neither 0 nor 1, in all channels of a pixel to ignore"),
                _("pass class indices [N, *S], or mark ignored pixels with 255 in every channel"),
            )


def same_shape(shape: list[int], expected: list[int]) -> bool:
    """Whether shapes agree; -1 (unknown in a static graph) agrees with everything."""
    return len(shape) == len(expected) and all(-1 in (a, b) or a == b for a, b in zip(shape, expected))


def _channels_first(x: Tensor) -> Tensor:
    return x.transpose([0, x.ndim - 1, *range(1, x.ndim - 1)])
