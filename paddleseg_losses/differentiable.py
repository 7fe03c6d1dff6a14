"""`PyLayer`, which says so where Paddle's own ends the process."""

from __future__ import annotations

import threading
import weakref
from functools import partial
from typing import Any

from paddle.autograd import PyLayer

from .i18n import _

Tensor = Any

_made = threading.local()  # the context of the last forward pass


class Differentiable(PyLayer):  # type: ignore[misc]
    """An operation with a gradient of its own.

    Paddle throws a PyLayer's context away after a backward pass, `retain_graph=True` or not, and reads it in the next
    one. A hook on the result comes before that.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        forward = cls.forward

        def remembered(ctx: Any, *args: Any) -> Any:
            result = forward(ctx, *args)
            _made.context = weakref.ref(ctx)
            return result

        cls.forward = staticmethod(remembered)

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """The result, or all of them."""
        result = super().apply(*args)
        for each in result if isinstance(result, (list, tuple)) else [result]:
            if not each.stop_gradient:
                each.register_hook(partial(_require, _made.context))
        return result


def _require(context: Any, gradient: Tensor) -> None:
    if context() is None:
        raise RuntimeError(
            str(
                _(
                    "A second backward pass through a loss: Paddle frees what a PyLayer has saved after the first "
                    "backward(), even with retain_graph=True. Call the loss again; for several passes over one graph "
                    "use paddle.grad(..., retain_graph=True) for every pass but the last, and no backward() before."
                )
            )
        )
