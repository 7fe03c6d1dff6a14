"""Losses that are a single value by nature."""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce
from operator import add

import paddle

from ...functional.error_sums import SumSpec
from ...inputs import Inputs, Tensor
from ...options import only_mean
from ..base import Loss


class ScalarLoss(Loss):
    """A single value by nature: no mean over pixels or classes, so there is nothing else to reduce to.

    The hook is `value`. A loss that reads sums over pixels names them in `requests` too, so that the terms of a
    compound get theirs in one pass over the data.
    """

    reduction: str = only_mean(default="mean")

    @abstractmethod
    def value(self, inputs: Inputs) -> Tensor:
        """The loss, 0-D."""

    def compute(self, inputs: Inputs) -> Tensor:
        """The value itself."""
        return self.value(inputs)


class CompoundLoss(ScalarLoss):
    """Named, weighted terms that share one `Inputs`; `parts` keeps each term's last value.

    The hook is `terms`. Sums over pixels that a term reads without being a loss are named in `requests`.
    """

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """Those of the terms that are losses."""
        return tuple(spec for term in self.sublayers() if isinstance(term, Loss) for spec in term.requests(inputs))

    @abstractmethod
    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each term."""

    def value(self, inputs: Inputs) -> Tensor:
        """The weighted sum."""
        terms = self.terms(inputs)
        if paddle.in_dynamic_mode():
            self.__dict__["_last"] = {name: (float(weight), value.detach()) for name, (weight, value) in terms.items()}
        return reduce(add, (value if weight == 1 else weight * value for weight, value in terms.values()))

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


class SumOfLosses(CompoundLoss):
    """Terms that are all losses of ours. The hook is `weighted`."""

    @abstractmethod
    def weighted(self, inputs: Inputs) -> dict[str, tuple[float, Loss]]:
        """Weight and loss of each term."""

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of each term."""
        return {name: (weight, loss.compute(inputs)) for name, (weight, loss) in self.weighted(inputs).items()}

    def each_sample(self, inputs: Inputs) -> Tensor | None:
        """The weighted sums."""
        values = []
        for weight, loss in self.weighted(inputs).values():
            value = loss.each_sample(inputs)
            if value is None:
                return None
            values.append(weight * value)
        return reduce(add, values)
