"""Properties of a call that are computed once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import paddle


class cached_in_graph(cached_property[Any]):  # a decorator
    """A cached property that is attached to the graph even if it is first read under `no_grad`."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """The value, computed at the first read."""
        if instance is None or self.attrname in vars(instance):
            return super().__get__(instance, owner)
        if not (instance.differentiable or paddle.in_dynamic_mode()):  # old static graphs cannot tell
            return super().__get__(instance, owner)
        with paddle.set_grad_enabled(instance.differentiable):
            return super().__get__(instance, owner)
