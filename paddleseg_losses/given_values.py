"""What a caller passes as a tensor: arrays become tensors; what holds no real numbers, or is sparse, is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

from .conversion import filled, tensor_of
from .errors import InputError
from .i18n import _
from .ignored_labels import IgnoredLabels
from .numeric import COMPLEX, name_of

Tensor = Any


def tensor_of_numbers(value: Any, what: str, name: str, ignored: IgnoredLabels) -> Tensor:
    """A caller's tensor or array as a dense tensor of real numbers; anything else is refused.

    Args:
        value: what was passed.
        what: "logits", "labels" or another word for it.
        name: of the loss.
        ignored: marks what a masked array of labels leaves out.
    """
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
        return tensor_of(_unmasked(np.asanyarray(value), what, name, ignored))
    if paddle.is_tensor(value) and value.dtype not in COMPLEX:
        return _dense(value, what, name)

    if isinstance(value, np.ndarray) or paddle.is_tensor(value):
        raise _unreal(value, what, name)
    kind = type(value).__name__
    if isinstance(value, (list, tuple)):
        described = _("{name}: {what} is a {type} of {count}.", name=name, what=what, type=kind, count=len(value))
    else:
        described = _("{name}: {what} is a {type}.", name=name, what=what, type=kind)
    heads = _(
        "PaddleSeg models return a list with one Tensor per output: pass one of them, for example logits[0], or "
        "put the loss into a DeepSupervisionLoss, which takes them all"
    )
    raise InputError(
        described,
        _("a Tensor of real numbers"),
        heads if what == "logits" else _("convert numbers with paddle.to_tensor({name})", name=what),
    )


def _unreal(value: Any, what: str, name: str) -> InputError:
    """Of complex numbers, texts or objects."""
    if paddle.is_tensor(value) or value.dtype.kind == "c":
        code = f"{what}.real()" if paddle.is_tensor(value) else f"{what}.real"
    else:
        code = f"{what}.astype('float32')"
    return InputError(
        _("{name}: {what} are of type {dtype}.", name=name, what=what, dtype=name_of(value.dtype)),
        _("a Tensor or an array of real numbers"),
        _("convert them, for example {code}", code=code),
    )


def _unmasked(array: Any, what: str, name: str, ignored: IgnoredLabels) -> Any:
    """A masked array of labels says which pixels to ignore; of logits and weights it says nothing."""
    if not np.ma.is_masked(array):  # type: ignore[no-untyped-call]
        return np.asarray(array)
    if what == "labels" and ignored.every:
        return filled(array, ignored.one)
    marked = _("mark pixels to ignore in the labels, and fill {what}, for example {what}.filled(0)", what=what)
    raise InputError(
        _("{name}: {what} is a masked array with masked elements.", name=name, what=what),
        _("numbers for all pixels"),
        _("set ignore_index to a number that no class has") if what == "labels" else marked,
    )


def _dense(value: Tensor, what: str, name: str) -> Tensor:
    if getattr(value, "is_dense", lambda: True)():
        return value
    raise InputError(
        _("{name}: {what} is a sparse Tensor.", name=name, what=what),
        _("a Tensor of real numbers"),
        _("use {code}", code=f"{what}.to_dense()"),
    )
