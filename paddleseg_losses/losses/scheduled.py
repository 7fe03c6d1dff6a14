"""The optimiser steps that a loss has counted, which its schedule follows."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn

from ..schedules import Schedule

_COUNT = "optimizer_steps"  # a buffer of losses with a schedule, so that `state_dict` has it


class Scheduled(nn.Layer):  # type: ignore[misc]
    """A layer whose weight changes over the optimizer steps."""

    _schedule: Schedule | None = None
    _counted = 0

    def _follow(self, schedule: Schedule | None) -> None:
        """Have this schedule from now on."""
        self._schedule = schedule
        if schedule is None:
            self._buffers.pop(_COUNT, None)
        elif _COUNT not in self._buffers and paddle.in_dynamic_mode():
            self.register_buffer(_COUNT, paddle.to_tensor(self._counted, "int64", place=paddle.CPUPlace()))

    @property
    def factor(self) -> float:
        """What its schedule multiplies it by at this step; 1 without a schedule."""
        return 1.0 if self._schedule is None else self._schedule.at(self._steps)

    @property
    def _steps(self) -> int:
        """The optimiser steps so far; of a loss without a schedule those of its terms that have one."""
        if not paddle.in_dynamic_mode():
            return self._counted
        if _COUNT in self._buffers:  # `set_state_dict` may have set it
            count = int(self._buffers[_COUNT])
        else:
            counts = [int(layer._buffers[_COUNT]) for layer in self._losses() if _COUNT in layer._buffers]
            count = max(counts, default=self._counted)
        if count != self._counted:  # a static graph reads this one
            self._counted = count
        return count

    def _apply(self, *args: Any, **named: Any) -> Any:
        """Move and cast as Paddle's `to` does, but for the step: bfloat16 would end its counting at 256."""
        count = self._buffers.pop(_COUNT, None)
        try:
            return super()._apply(*args, **named)
        finally:
            if count is not None:
                self._buffers[_COUNT] = count

    def step(self, to: int | None = None) -> None:
        """Count one optimiser step, for this loss and its terms; `to` sets the count, after a checkpoint for example.

        Call it once after each `optimizer.step()`. PaddleSeg's trainer needs no such call under our commands.
        """
        for layer in self._losses():
            layer._set_count(layer._steps + 1 if to is None else int(to))

    def _set_count(self, steps: int) -> None:
        self._counted = steps
        if _COUNT in self._buffers and paddle.in_dynamic_mode():
            self._buffers[_COUNT].fill_(steps)

    def _losses(self) -> list[Scheduled]:
        """Itself and the losses in it."""
        return [layer for layer in self.sublayers(include_self=True) if isinstance(layer, Scheduled)]
