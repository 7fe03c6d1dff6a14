"""What losses inside another one have to agree on with it: they read the same clean tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import OptionError
from ...i18n import _
from ...options import options_of
from ...registry import build
from ..base import Loss

SHARED = ("ignore_index", "label_sets", "mode", "from_logits", "data_format")  # options of the outer loss alone


def made(given: Any) -> Any:
    """A loss of ours from its name or its mapping; anything else as it is."""
    return build(given) if isinstance(given, (str, Mapping)) else given


def named(term: Any) -> str:
    """The class of a loss, or what stands for it."""
    return str(getattr(term, "__name__", type(term).__name__))


def disagreement(outer: Loss, inner: str, option: str, value: Any) -> OptionError:
    """The error of a loss inside another one that has a shared option otherwise."""
    name, setting = type(outer).__name__, f"{option}={value!r}"
    return OptionError(
        _(
            "{outer}: {loss} has {setting}, but {outer} {value!r}.",
            outer=name,
            loss=inner,
            setting=setting,
            value=getattr(outer, option),
        ),
        _("{option} only at {outer}: what is inside reads the same tensors", option=option, outer=name),
        _("move {option} from {loss} to {outer}", option=option, loss=inner, outer=name),
    )


def require_agreement(outer: Loss, term: Loss) -> None:
    """Refuse a loss inside another one that reads the tensors otherwise, or is more than one number."""
    name, own = type(outer).__name__, type(term).__name__
    for option in SHARED:
        value = getattr(term, option)
        if value not in (options_of(type(term))[option].default, getattr(outer, option)):
            raise disagreement(outer, own, option, value)
    if term.reduction != "mean":
        raise OptionError(
            _("{outer}: {loss} has {setting}.", outer=name, loss=own, setting=f"reduction={term.reduction!r}"),
            _("losses that are a single number each, so reduction='mean'"),
            _("omit reduction, and scale the loss by the weights of {outer}", outer=name),
        )
