"""Losses that are one number by nature."""

from __future__ import annotations

from abc import abstractmethod

import paddle

from ...functional.error_sums import Moment
from ...inputs import Inputs, Tensor
from ...options import only_mean
from ..base import Loss


class NumberLoss(Loss):
    """One number by nature: it is no mean over pixels or cells, so there is nothing else to reduce to."""

    reduction: str = only_mean(default="mean")

    @abstractmethod
    def number(self, inputs: Inputs) -> Tensor:
        """The loss, 0-D."""

    def compute(self, inputs: Inputs) -> Tensor:
        """The number itself."""
        return self.number(inputs)


class CompoundLoss(NumberLoss):
    """Named, weighted terms that share one `Inputs`. `parts` keeps each term's last value."""

    def moments(self, inputs: Inputs) -> tuple[Moment, ...]:
        """What the terms that are losses ask for."""
        return tuple(moment for term in self.sublayers() if isinstance(term, Loss) for moment in term.moments(inputs))

    @abstractmethod
    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each term."""

    def number(self, inputs: Inputs) -> Tensor:
        """The weighted sum."""
        terms = self.terms(inputs)
        if paddle.in_dynamic_mode():
            self._last = {name: (float(weight), value.detach()) for name, (weight, value) in terms.items()}
        return sum(weight * value for weight, value in terms.values())

    @property
    def last(self) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each term in the last call; the values are still on the device."""
        return dict(getattr(self, "_last", {}))

    @property
    def parts(self) -> dict[str, float]:
        """Last value of each term, before its weight; reading it waits for the device."""
        return {name: float(value) for name, (_, value) in self.last.items()}

    @property
    def weights(self) -> dict[str, float]:
        """Last weight of each term, which moves if the term has a schedule."""
        return {name: weight for name, (weight, _) in self.last.items()}
