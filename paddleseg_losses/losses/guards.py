"""What stands around every loss: how a static graph takes it, and what nobody should train on."""

from __future__ import annotations

import math
from typing import Any

import paddle

from ..inputs import Inputs, Tensor


def run_as_it_is(code: Any) -> None:
    """Keep `to_static` by default, which reads bytecode, away from a class of losses or a function: it runs as it is.

    Paddle before 3.2 has no such mark.
    """
    mark = getattr(getattr(paddle.jit, "marker", None), "force_dynamic", None)
    if mark is not None:
        mark(code)


def zero_if_all_ignored(result: Tensor, inputs: Inputs) -> Tensor:
    """0, still attached to the graph, if everything is ignored."""
    if inputs.any_valid is True:
        return result
    return paddle.where(_condition(inputs.any_valid), result, paddle.zeros_like(result))


def nan_if_invalid(result: Tensor, inputs: Inputs) -> Tensor:
    """NaN with a gradient of 0 if a label was wrong: the log shows it without waiting, and weights take no harm."""
    if inputs.invalid is None or inputs.invalid is False:
        return result
    return paddle.where(_condition(inputs.invalid), paddle.full_like(result, math.nan), result)


def _condition(known: Tensor | bool) -> Tensor:
    return paddle.full([], known, "bool") if isinstance(known, bool) else known
