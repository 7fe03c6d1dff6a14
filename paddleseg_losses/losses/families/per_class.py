"""Losses with a value for each (sample, class) cell."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Callable

import paddle

from ... import numeric
from ...errors import OptionError
from ...functional.error_sums import SumSpec, pixel_count, target_sum
from ...functional.labels import every_cell_counts
from ...functional.region_sums import REGION, RegionSums, Statistics, over_ranks
from ...i18n import _
from ...inputs import Inputs, Tensor
from ...options import class_subset, flag, numbers_or_none, only_mean
from ..base import Loss
from .class_options import fit, pick


class PerClassLoss(Loss):
    """A value for each (sample, class) cell; the background may be left out."""

    include_background: bool = flag(
        default=True,
        help="whether class 0 of a multiclass problem counts",
    )

    def channel_indices(self, inputs: Inputs) -> list[int]:
        """Channels that count."""
        skip = 1 if inputs.has_background and not self.include_background else 0
        return list(range(skip, inputs.channels))

    def pooling(self, inputs: Inputs) -> Callable[[Tensor], Tensor]:
        """What makes cells of a number for each sample and channel `[N, C]`: here it picks the channels that count."""
        indices = self.channel_indices(inputs)
        if indices == list(range(inputs.channels)):
            return lambda x: x
        index = numeric.constant(indices, "int64")
        return lambda x: x.index_select(index, axis=-1)

    def reduce(self, cells: Tensor, inputs: Inputs) -> Tensor:
        """Average the cells; one without a valid pixel is 0 and still counts."""
        if self.pools_ranks or not every_cell_counts(inputs):  # ranks pool the counts together, or none does
            count = self.pooling(inputs)(pixel_count(inputs))
            cells = paddle.where(count > 0, cells, paddle.zeros_like(cells))
        if self.reduction == "none":
            return cells
        return cells.sum() if self.reduction == "sum" else cells.mean()


class CellLoss(PerClassLoss):
    """A loss of each (sample, class), then the weighted mean over the classes that count. The hook is `cells`."""

    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the sum is divided by the number of classes",
    )
    classes: str | tuple[int, ...] = class_subset(
        default="all",
        help="classes that count: all, those present in the labels, or a list",
    )

    @abstractmethod
    def cells(self, inputs: Inputs) -> Tensor:
        """The loss of each sample and channel that counts, `[N, K]`; any finite number where no pixel is valid."""

    def sizes(self, inputs: Inputs) -> Tensor:
        """The sum of the targets of each cell: a class is present where it is not 0."""
        return self.pooling(inputs)(target_sum(inputs))

    def channel_indices(self, inputs: Inputs) -> list[int]:
        """Channels that count, by include_background and classes."""
        indices = super().channel_indices(inputs)
        if isinstance(self.classes, str):
            return indices
        return pick(self.classes, indices, inputs.channels, type(self).__name__)

    def compute(self, inputs: Inputs) -> Tensor:
        """Cells, weights, classes, mean."""
        cells = self.cells(inputs)
        if self.weight is not None:
            weight = fit(self.weight, inputs.channels, "weight", type(self).__name__)
            cells = cells * numeric.constant([weight[c] for c in self.channel_indices(inputs)], cells.dtype)
        if self.classes == "present":
            present = (self.sizes(inputs) > 0).astype(cells.dtype)
            cells = cells * present
            if self.reduction == "mean":
                return numeric.safe_divide(cells.sum(), present.sum())
        return self.reduce(cells, inputs)


class SumsLoss(PerClassLoss):
    """Algebra on the sums of each (sample, class): one pass over the data."""

    batch: bool = flag(default=False, help="pool the batch before the formula")
    sync: bool = flag(
        default=False,
        help="pool the ranks too (needs batch=True)",
    )

    @property
    def statistics(self) -> Statistics:
        """The sums that the formula reads."""
        return REGION

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """Those of its statistics."""
        return self.statistics.needs

    def setup(self) -> None:
        """Refuse options that contradict each other."""
        if self.sync and not self.batch:
            raise OptionError(
                _("{loss}: sync=True with batch=False.", loss=type(self).__name__),
                _("batch=True with sync=True: only sums over the batch are shared across ranks"),
                _("set batch=True"),
            )

    def pooled(self, inputs: Inputs) -> RegionSums:
        """The sums of the channels that count, over the samples and ranks that are pooled."""
        sums: RegionSums = self.statistics.of(inputs)
        return sums.map(self.pooling(inputs))

    def pooling(self, inputs: Inputs) -> Callable[[Tensor], Tensor]:
        """Over the batch and the ranks before the channels are picked."""
        pick_channels = super().pooling(inputs)

        def pool(x: Tensor) -> Tensor:
            x = x.sum(axis=0) if self.batch else x
            return pick_channels(over_ranks(x) if self.sync else x)

        return pool


class RegionLoss(CellLoss, SumsLoss):
    """A formula on the sums of each (sample, class), then the mean over the classes that count.

    The hook is `per_class`. Two refinements have defaults that most losses keep: `statistics` for a formula that reads
    more than TP, FP and FN, and `transform` for a function of the mean.
    """

    @abstractmethod
    def per_class(self, sums: Any) -> Tensor:
        """The loss of each (sample, class), from its statistics."""

    def transform(self, mean: Tensor) -> Tensor:
        """A function of the mean, for losses that wrap another one."""
        return mean

    def cells(self, inputs: Inputs) -> Tensor:
        """The formula of the sums."""
        return self.per_class(inputs.memoize(self.pooled))

    def sizes(self, inputs: Inputs) -> Tensor:
        """One of the sums."""
        return inputs.memoize(self.pooled).g

    def compute(self, inputs: Inputs) -> Tensor:
        """Sums, formula, classes, mean."""
        return self.transform(super().compute(inputs))


class ClassSumLoss(SumsLoss):
    """One value for each sample: the classes are added, with weights of the loss's own, before the ratio.

    The hook is `score`.
    """

    reduction: str = only_mean(default="mean")

    @abstractmethod
    def score(self, sums: RegionSums) -> Tensor:
        """The loss of each sample, `[N]`, or of the pooled batch, 0-D; 0 where nothing is valid."""

    def compute(self, inputs: Inputs) -> Tensor:
        """The mean over samples."""
        return self.score(self.pooled(inputs)).mean()


class MapLoss(CellLoss):
    """The mean over pixels of a detached map times a function of p, for each class. The hook is `map_sums`."""

    include_background: bool = flag(
        default=False,
        help="whether class 0 of a multiclass problem counts",
    )

    @abstractmethod
    def map_sums(self, inputs: Inputs, skip: int) -> Tensor:
        """Sums over the valid pixels of each sample and channel from `skip` on, `[N, C - skip]`."""

    def cells(self, inputs: Inputs) -> Tensor:
        """Average the pixels of each class."""
        indices = self.channel_indices(inputs)
        skip = min(indices)
        means = numeric.safe_divide(self.map_sums(inputs, skip), pixel_count(inputs)[:, skip:])
        if indices == list(range(skip, inputs.channels)):
            return means
        return means.index_select(numeric.constant([c - skip for c in indices], "int64"), axis=-1)
