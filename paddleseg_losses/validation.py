"""Looking at the values of tensors: each check waits for the device, so losses make them on their first calls only."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import paddle

from .errors import InputError, LabelError
from .i18n import Text, _
from .ignored_labels import IgnoredLabels
from .label_sets import LabelSets
from .numeric import ROUNDING, between
from .shape_advice import COLOURS

Tensor = Any
FROM_NAN = -(2**63)  # what `astype` makes of NaN
SHOWN = 8  # how many offending values a message names


def outside(x: Tensor, valid: Tensor, high: float, slack: float = 0.0) -> Tensor:
    """Where valid numbers are not in [0, high]; NaN is not."""
    return paddle.logical_and(valid, paddle.logical_not(between(x, -slack, high + slack)))


def outside_shares(x: Tensor, valid: Tensor) -> Tensor:
    """Where valid numbers are no shares, but for rounding."""
    return outside(x, valid, 1.0, ROUNDING)


def unbalanced(shares: Tensor, valid: Tensor) -> Tensor:
    """Where the valid shares of competing classes do not sum to 1."""
    return paddle.logical_and(valid, paddle.logical_not(((shares.sum(axis=1, keepdim=True)) - 1).abs() <= ROUNDING))


def _range(x: Tensor, valid: Tensor) -> tuple[float, float]:
    """The smallest and the largest of the numbers that count."""
    counted = x.astype("float64").numpy()[np.broadcast_to(valid.numpy(), x.shape)]
    return float(counted.min()), float(counted.max())


def check_pixel_weight(weight: Tensor, valid: Tensor, name: str) -> None:
    """Refuse weights that are negative or not finite."""
    if bool(outside(weight, valid, float(np.finfo("float32").max)).any()):
        low, high = _range(weight, valid)
        raise InputError(
            _("{name}: pixel_weight ranges from {min:.4g} to {max:.4g}.", name=name, min=low, max=high),
            _("finite weights of at least 0"),
            _("clip it, and look for a division by 0 where it is computed"),
        )


def check_class_labels(
    labels: Tensor, valid: Tensor, classes: int, ignored: IgnoredLabels, sets: LabelSets, name: str
) -> None:
    """Refuse labels outside [0, classes) that are not ignored and stand for no set of classes."""
    bad = outside(labels, valid, classes - 1)
    if sets:
        bad = paddle.logical_and(bad, paddle.logical_not(sets.is_set(labels)))
    if not bool(bad.any()):
        _warn_of_255(labels, valid, classes, ignored, name)
        return
    given = labels.numpy()
    wrong = np.unique(given[bad.numpy()])
    values = ", ".join(str(v) for v in wrong[:SHOWN]) + (", ..." if len(wrong) > SHOWN else "")
    raise LabelError(
        _("{name}: labels hold {values}.", name=name, values=values),
        _("{labels}, or ignore_index={ignore_index}", labels=_known(classes, sets), ignore_index=ignored)
        if ignored.every
        else _("{labels}: with ignore_index=None every pixel counts", labels=_known(classes, sets)),
        _cure(given, wrong, classes, ignored),
    )


def _known(classes: int, sets: LabelSets) -> Text:
    """The labels that a pixel can have."""
    names = _("0 to {last}", last=classes - 1)
    return _("{classes}, {sets} of label_sets", classes=names, sets=", ".join(map(str, sets.labels))) if sets else names


def _cure(given: Any, wrong: Any, classes: int, ignored: IgnoredLabels) -> Text:
    """What to do about labels that are no classes: what they look like decides."""
    present, code = set(np.unique(given).tolist()), "(labels > 127).astype('int64')"
    if present <= {0, 255}:
        return _("the mask is 0/255: use {code}", code="(labels > 0).astype('int64')")
    if FROM_NAN in present:
        return _("NaN has become {label}: replace NaN by the ignore_index before .astype('int64')", label=FROM_NAN)
    if classes == 2 and max(present) > 200 and _at_the_ends(given):
        return _("this looks like a 0/255 mask that was stored as JPEG: use {code}, and store masks as PNG", code=code)
    if 0 not in present and set(wrong.tolist()) == {classes}:
        kept = " | ".join(f"(labels == {label})" for label in ignored.every).strip(
            "()" if len(ignored.every) == 1 else ""
        )
        shift = f"paddle.where({kept}, labels, labels - 1)" if kept else "labels - 1"
        return _(
            "labels start at 1 and go to {last}: use {code}; if {last} marks pixels to ignore instead, set "
            "ignore_index={last}",
            last=classes,
            code=shift,
        )
    if given.shape[1] > 1:
        return _(
            "use 0 and 1 in each channel; if {label} marks pixels to ignore, set ignore_index={label}; if these are "
            "the colors of an RGB(A) mask, convert them to class indices first",
            label=wrong[0],
        )
    if len(wrong) == 1:
        return _(
            "if {label} marks pixels to ignore, set ignore_index={label}; else increase the number of classes",
            label=wrong[0],
        )
    return _("if labels start at 1, subtract 1; if they are colors or gray levels, map them to class indices")


def _at_the_ends(given: Any) -> bool:
    """Whether nearly all values lie near 0 or 255."""
    return bool(np.mean((np.abs(given) <= 20) | (np.abs(given - 255) <= 20)) > 0.9)


def _warn_of_255(labels: Tensor, valid: Tensor, classes: int, ignored: IgnoredLabels, name: str) -> None:
    """All the foreground of a 0/255 mask is ignored under the default ignore_index, and nothing else would tell."""
    if 255 not in ignored.every or classes != 2 or bool(valid.all()) or not bool(valid.any()):
        return
    if not bool(paddle.logical_and(valid, labels != 0).any()):
        text = _(
            "{name}: the labels contain only 0 and 255, and 255 is the ignore_index, so there is no "
            "foreground. If this is a 0/255 mask, use {code}.",
            name=name,
            code="(labels > 0).astype('int64')",
        )
        if labels.shape[1] in COLOURS:
            text = _("{warning} If it is an RGB(A) mask, convert its colors to class indices first.", warning=text)
        warnings.warn(str(text), stacklevel=2)


def check_probabilities(p: Tensor, valid: Tensor, mode: str, name: str) -> None:
    """With from_logits=False, refuse numbers outside [0, 1] and competing classes that do not sum to 1."""
    if bool(outside_shares(p, valid).any()):
        low, high = _range(p, valid)
        raise InputError(
            _(
                "{name}: from_logits=False, but the input ranges from {min:.4g} to {max:.4g}.",
                name=name,
                min=low,
                max=high,
            ),
            _("probabilities in [0, 1]"),
            _("pass the model's raw output and leave from_logits=True, or apply softmax or sigmoid first"),
        )
    if mode == "multiclass" and bool(unbalanced(p, valid).any()):
        low, high = _range(p.sum(axis=1, keepdim=True), valid)
        raise InputError(
            _(
                "{name}: from_logits=False, but the channels sum to between {min:.4g} and {max:.4g}.",
                name=name,
                min=low,
                max=high,
            ),
            _("probabilities of mutually exclusive classes, which sum to 1"),
            _("apply softmax, not sigmoid, or pass the raw output and leave from_logits=True"),
        )


def check_soft_labels(labels: Tensor, valid: Tensor, mode: str, ignored: IgnoredLabels, name: str) -> None:
    """Refuse soft targets outside [0, 1] and, for competing classes, those that do not sum to 1."""
    soft = bool(paddle.is_floating_point(labels))
    if bool(outside_shares(labels, valid).any()):
        low, high = _range(labels, valid)
        raise LabelError(
            _("{name}: soft labels range from {min:.4g} to {max:.4g}.", name=name, min=low, max=high)
            if soft
            else _("{name}: one-hot labels range from {min:.4g} to {max:.4g}.", name=name, min=low, max=high),
            _("fractions in [0, 1] (a pixel is ignored where all its channels hold the ignore_index)"),
            _soft_cure(low, high, ignored),
        )
    if mode != "multiclass":
        _warn_of_255(labels, valid, 2, ignored, name)
    else:
        if bool(unbalanced(labels, valid).any()):
            low, high = _range(labels.sum(axis=1, keepdim=True), valid)
            raise LabelError(
                _(
                    "{name}: the soft labels of a pixel sum to between {low:.4g} and {high:.4g}.",
                    name=name,
                    low=low,
                    high=high,
                )
                if soft
                else _(
                    "{name}: the one-hot labels of a pixel sum to between {low:.4g} and {high:.4g}.",
                    name=name,
                    low=low,
                    high=high,
                ),
                _("fractions of the classes that sum to 1 in every pixel"),
                _(
                    "use labels / labels.sum(axis=1, keepdim=True), or omit mode if the classes are not mutually "
                    "exclusive"
                ),
            )


def _soft_cure(low: float, high: float, ignored: IgnoredLabels) -> Text:
    """What to do about labels of this range, of which NaN makes NaN."""
    if np.isnan(low):
        code = f"paddle.where(paddle.isnan(labels), paddle.full_like(labels, {ignored.example}), labels)"
        return _("replace NaN by the ignore_index: {code}", code=code)
    if -(2**53) < low <= -1 and low == int(low):
        return _("if {label} marks pixels to ignore, set ignore_index={label}", label=int(low))
    if high > 200:
        return _("divide a 0/255 mask by 255; use integers for class indices")
    return _("use labels.astype('int64') if they hold class indices, else divide them by their largest possible value")
