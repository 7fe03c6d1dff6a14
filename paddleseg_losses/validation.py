"""Looking at the values of tensors: each check waits for the device, so losses make them on their first calls only."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import paddle

from .errors import InputError, LabelError
from .i18n import _

Tensor = Any
SHOWN = 8  # how many offending values a message names


def outside(x: Tensor, valid: Tensor, high: float) -> Tensor:
    """Where valid numbers are not in [0, high]; NaN is not."""
    return paddle.logical_and(valid, paddle.logical_not(paddle.logical_and(x >= 0, x <= high)))


def unbalanced(shares: Tensor, valid: Tensor) -> Tensor:
    """Where the valid shares of competing classes do not sum to 1."""
    return paddle.logical_and(valid, paddle.logical_not(((shares.sum(axis=1, keepdim=True)) - 1).abs() <= 1e-2))


def check_pixel_weight(weight: Tensor, valid: Tensor, name: str) -> None:
    """Refuse weights that are negative or not finite."""
    if bool(outside(weight, valid, float(np.finfo("float32").max)).any()):
        raise InputError(
            _(
                "{name}: pixel_weight ranges from {min:.4g} to {max:.4g}.",
                name=name,
                min=float(weight.min()),
                max=float(weight.max()),
            ),
            _("finite weights of at least 0"),
            _("clip it, and look for a division by 0 where it is computed"),
        )


def check_class_labels(labels: Tensor, valid: Tensor, classes: int, ignore_index: int, name: str) -> None:
    """Refuse labels outside [0, classes) that are not the ignore_index."""
    bad = outside(labels, valid, classes - 1)
    if not bool(bad.any()):
        _warn_of_255(labels, valid, classes, ignore_index, name)
        return
    wrong = np.unique(labels.numpy()[bad.numpy()])
    found = np.unique(labels.numpy())
    values = ", ".join(str(v) for v in wrong[:SHOWN]) + (", ..." if len(wrong) > SHOWN else "")
    if set(found) <= {0, 255}:
        cure = _("the mask is 0/255: use {code}", code="(labels > 0).astype('int64')")
    elif len(wrong) == 1:
        cure = _(
            "if {label} marks pixels to ignore, set ignore_index={label}; else increase the number of classes",
            label=wrong[0],
        )
    else:
        cure = _("if labels start at 1, subtract 1; if they are colors or gray levels, map them to class indices")
    raise LabelError(
        _("{name}: labels hold {values}.", name=name, values=values),
        _(
            "{labels}, or ignore_index={ignore_index}",
            labels=_("0 to {last}", last=classes - 1),
            ignore_index=ignore_index,
        ),
        cure,
    )


def _warn_of_255(labels: Tensor, valid: Tensor, classes: int, ignore_index: int, name: str) -> None:
    """All the foreground of a 0/255 mask is ignored under the default ignore_index, and nothing else would tell."""
    if ignore_index != 255 or classes != 2 or bool(valid.all()) or not bool(valid.any()):
        return
    if not bool(paddle.logical_and(valid, labels != 0).any()):
        warnings.warn(
            str(
                _(
                    "{name}: the labels contain only 0 and 255, and 255 is the ignore_index, so there is no "
                    "foreground. If this is a 0/255 mask, use {code}.",
                    name=name,
                    code="(labels > 0).astype('int64')",
                )
            ),
            stacklevel=2,
        )


def check_probabilities(p: Tensor, valid: Tensor, mode: str, name: str) -> None:
    """With from_logits=False, refuse numbers outside [0, 1] and competing classes that do not sum to 1."""
    if bool(outside(p, valid, 1).any()):
        raise InputError(
            _(
                "{name}: from_logits=False, but the input ranges from {min:.4g} to {max:.4g}.",
                name=name,
                min=float(p.min()),
                max=float(p.max()),
            ),
            _("probabilities in [0, 1]"),
            _("pass the model's raw output and leave from_logits=True, or apply softmax or sigmoid first"),
        )
    if mode == "multiclass" and bool(unbalanced(p, valid).any()):
        total = p.sum(axis=1)
        raise InputError(
            _(
                "{name}: from_logits=False, but the channels sum to between {min:.4g} and {max:.4g}.",
                name=name,
                min=float(total.min()),
                max=float(total.max()),
            ),
            _("probabilities of mutually exclusive classes, which sum to 1"),
            _("apply softmax, not sigmoid, or pass the raw output and leave from_logits=True"),
        )


def check_soft_labels(labels: Tensor, valid: Tensor, mode: str, name: str) -> None:
    """Refuse soft targets outside [0, 1] and, for competing classes, those that do not sum to 1."""
    if bool(outside(labels, valid, 1).any()):
        raise LabelError(
            _(
                "{name}: soft labels range from {min:.4g} to {max:.4g}.",
                name=name,
                min=float(labels.min()),
                max=float(labels.max()),
            ),
            _("fractions in [0, 1] (a pixel is ignored where all its channels hold the ignore_index)"),
            _("divide a 0/255 mask by 255; use integers for class indices"),
        )
    if mode == "multiclass":
        total = labels.sum(axis=1, keepdim=True)
        if bool(unbalanced(labels, valid).any()):
            low, high = float(total.min()), float(total.max())
            raise LabelError(
                _(
                    "{name}: the soft labels of a pixel sum to between {low:.4g} and {high:.4g}.",
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
