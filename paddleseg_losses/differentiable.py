"""`PyLayer`, which says so where Paddle's own ends the process."""

from __future__ import annotations

import threading
import weakref
from functools import partial
from typing import Any, Callable

import paddle
from paddle.autograd import PyLayer

from .autocast import full_precision
from .i18n import _

Tensor = Any

_made = threading.local()  # the context of the last forward pass


class Differentiable(PyLayer):  # type: ignore[misc]
    """An operation with a gradient of its own.

    Paddle throws a PyLayer's context away after a backward pass, `retain_graph=True` or not, and reads it in the next
    one. A hook on the result comes before that.

    Inside autocast, a backward pass would round what is computed here, unlike the gradients of Paddle's operators.
    Kernels that read float32 would be handed half precision there.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        forward, backward = cls.forward, cls.backward

        def remembered(ctx: Any, *args: Any) -> Any:
            result = forward(ctx, *args)
            _made.context = weakref.ref(ctx)
            return result

        def unrounded(ctx: Any, *upstream: Any) -> Any:
            with full_precision():
                return backward(ctx, *upstream)

        cls.forward, cls.backward = staticmethod(remembered), staticmethod(unrounded)

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


def change_gradient(x: Tensor, change: Callable[[Tensor], Tensor]) -> None:
    """Give the gradient of x, in full precision, to a function before others read it."""

    def changed(gradient: Tensor) -> Tensor:
        wanted = not gradient.is_leaf  # under create_graph; gradients are enabled without it too
        with paddle.set_grad_enabled(wanted), full_precision():
            return change(gradient)

    if not x.stop_gradient:
        x.register_hook(changed)


def recomputed(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """`function(*tensors)`, which keeps nothing for the gradient but the tensors: it is computed once more then."""
    return _Recomputed.apply(function, *tensors) if paddle.in_dynamic_mode() else function(*tensors)


class _Recomputed(Differentiable):
    @staticmethod
    def forward(ctx: Any, function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
        ctx.save_for_backward(*tensors)
        ctx.function, ctx.fixed = function, [x.stop_gradient for x in tensors]
        return function(*tensors)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        if paddle.is_grad_enabled():
            raise RuntimeError(str(_("Second derivatives (create_graph=True) of what is computed again.")))
        tensors = [x.detach() for x in ctx.saved_tensor()]
        for x, fixed in zip(tensors, ctx.fixed):
            x.stop_gradient = fixed
        with paddle.enable_grad():
            result = ctx.function(*tensors)
        paddle.autograd.backward([result], [upstream])
        slopes = tuple(x.grad for x in tensors)
        return slopes if len(slopes) > 1 else slopes[0]
