"""Building one loss and calling it on a tiny batch of the configuration's shape: what fails here fails in training."""

from __future__ import annotations

import math
from typing import Any

import paddle

from ...errors import InputError, LossError
from ...i18n import _
from ...options import REQUIRED, options_of
from .facts import Facts

_SIZE = (16, 20, 6)


def failure(cls: type, options: dict[str, Any], facts: Facts) -> LossError | None:
    """The error that a loss of ours raises, if any."""
    try:
        loss = cls(**options)
        if facts.classes is not None:
            _call(loss, facts)
    except LossError as error:
        return error
    except Exception as error:  # one loss must not keep the others from being checked
        return InputError(
            _("{loss} cannot be tried: {error}", loss=cls.__name__, error=error),
            _("options that work together"),
            _("change them"),
        )
    return None


def culprit(cls: type, options: dict[str, Any], facts: Facts, error: LossError) -> str | None:
    """The option without which the error goes away; never one that is needed."""
    for name in options:
        if options_of(cls)[name].default is REQUIRED:
            continue
        rest = {key: value for key, value in options.items() if key != name}
        if str(failure(cls, rest, facts)) != str(error):
            return name
    return None


def _call(loss: Any, facts: Facts) -> None:
    classes = facts.classes or 1
    size = _SIZE[: facts.axes]
    logits = paddle.full([1, classes, *size], 2.0 if facts.gives_logits else 1 / classes)  # or also probabilities
    labels = paddle.arange(math.prod(size)).reshape([1, *size])
    if loss.mode == "multilabel" or facts.multilabel:
        labels = paddle.stack([(labels + c) % 2 for c in range(classes)], axis=1)
    else:
        labels = labels % max(classes, 2)
    if loss.data_format == "NHWC":
        logits = logits.moveaxis(1, -1)
    weights = loss.options.get("weights") if facts.lists else None  # of a model's outputs, each a level of a list
    value = loss(logits if weights is None else [logits] * len(weights), labels)
    if value.ndim:
        raise InputError(
            _("{kind} gives {size} numbers.", kind=type(loss).__name__, size=value.size),
            _("one number: PaddleSeg adds the losses up"),
            _("leave reduction out"),
        )
