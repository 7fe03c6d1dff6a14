"""Something that is known of the labels of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar

import numpy as np
import paddle

from ..i18n import Message

Tensor = Any
Kind = TypeVar("Kind", bound="Known")


class Known(ABC):
    """One kind of it; it remembers whether a loss asked for it, and whether it was of use."""

    KEY: ClassVar[str]  # of what a batch of it is, `[N, ...]`
    asked = False
    used = False

    @classmethod
    def fits(cls, maps: Mapping[str, Any]) -> bool:
        """Whether a mapping holds this kind."""
        return len(getattr(maps.get(cls.KEY), "shape", ())) >= 2

    @classmethod
    @abstractmethod
    def read(cls: type[Kind], maps: Mapping[str, Any]) -> Kind:
        """Take it from a mapping that holds it."""

    @property
    @abstractmethod
    def unused(self) -> Message:
        """What to say if no loss could use it."""

    @classmethod
    def here(cls: type[Kind]) -> Kind | None:
        """What is known of this kind, if it is asked for outside a static graph."""
        known = known_now().get(cls)
        if known is None or not paddle.in_dynamic_mode():
            return None
        known.asked = True
        return known  # type: ignore[return-value]


current: ContextVar[dict[type[Known], Known] | None] = ContextVar("known_maps", default=None)  # one for each thread


def known_now() -> dict[type[Known], Known]:
    """What is known, by its kind."""
    return current.get() or {}


def tensor_of(value: Any) -> Tensor:
    """A batch as a tensor that carries no gradient."""
    return (value if isinstance(value, paddle.Tensor) else paddle.to_tensor(np.asarray(value))).detach()


def agree(value: Any, option: float) -> bool:
    """Whether an option had this value for every sample."""
    return bool((np.asarray(value) == option).all())
