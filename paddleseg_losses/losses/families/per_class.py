"""Losses with a value for each (sample, class) cell."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Callable

import paddle

from ... import numeric
from ...errors import OptionError
from ...functional.error_sums import SumSpec, pixel_count, positive_count
from ...functional.labels import every_cell_counts
from ...functional.map_sums import picked
from ...functional.region_sums import REGION, RegionSums, Statistics, over_ranks
from ...i18n import _
from ...inputs import Inputs, Tensor
from ...options import choice, class_subset, flag, numbers_or_none, only_mean
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

    def class_weight(self, inputs: Inputs, weight: tuple[float, ...] | None) -> Tensor | None:
        """The weights of the classes that count, `[K]`, or None."""
        if weight is None:
            return None
        fit(weight, inputs.channels, "weight", type(self).__name__)
        return numeric.constant([weight[c] for c in self.channel_indices(inputs)], inputs.dtype)

    def pooling(self, inputs: Inputs) -> Callable[[Tensor], Tensor]:
        """What makes cells of a number for each sample and channel `[N, C]`: here it picks the channels that count."""
        indices = self.channel_indices(inputs)
        if indices == list(range(inputs.channels)):
            return lambda x: x
        index = numeric.constant(indices, "int64")
        return lambda x: x.index_select(index, axis=-1)

    def reduce(self, cells: Tensor, inputs: Inputs, axis: int | None = None) -> Tensor:
        """Average the cells, all or along an axis; one without a valid pixel is 0 and still counts."""
        if self.pools_ranks or not every_cell_counts(inputs):  # ranks pool the counts together, or none does
            count = self.pooling(inputs)(pixel_count(inputs))
            cells = paddle.where(count > 0, cells, paddle.zeros_like(cells))
        if self.reduction == "none":
            return cells
        return cells.sum(axis) if self.reduction == "sum" else cells.mean(axis)


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
        return self.pooling(inputs)(positive_count(inputs))

    def channel_indices(self, inputs: Inputs) -> list[int]:
        """Channels that count, by include_background and classes."""
        indices = super().channel_indices(inputs)
        if isinstance(self.classes, str):
            return indices
        return pick(self.classes, indices, inputs.channels, type(self).__name__)

    def compute(self, inputs: Inputs) -> Tensor:
        """Cells, weights, classes, mean."""
        return self.averaged(inputs)

    def averaged(self, inputs: Inputs, axis: int | None = None) -> Tensor:
        """The mean over all cells, or over those of each sample (axis 1)."""
        cells, weight = self.cells(inputs), self.class_weight(inputs, self.weight)
        if weight is not None:
            cells = cells * weight
        if self.classes == "present":
            present = _present(self.sizes(inputs))
            cells = cells * present
            if self.reduction == "mean":
                return numeric.safe_divide(cells.sum(axis), present.sum(axis))
        return self.reduce(cells, inputs, axis)


def _present(sizes: Tensor) -> Tensor:
    """1 where a class is present, else 0; a size that is NaN hides no class."""
    return paddle.logical_not(sizes <= 0).astype(sizes.dtype)


class SumsLoss(PerClassLoss):
    """Algebra on the sums of each (sample, class): one pass over the data."""

    takes_pixel_weight = True

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

    def each_sample(self, inputs: Inputs) -> Tensor | None:
        """The same of each sample."""
        return self.transform(self.averaged(inputs, axis=1)) if self._tells_samples_apart else None

    @property
    def _tells_samples_apart(self) -> bool:
        """Whether its sums are all that it reads, and no others are added to those of a sample."""
        return type(self).requests is SumsLoss.requests and not self.batch and self.reduction == "mean"


class OverlapLoss(RegionLoss):
    """A ratio of overlap, of each class or of all of them together."""

    average: str = choice(
        default="macro",
        of=("macro", "micro"),
        help="macro: the mean over classes; micro: sums over the classes before the formula, one value per sample",
    )

    def compute(self, inputs: Inputs) -> Tensor:
        """The mean over classes, or one ratio."""
        if self.average == "macro":
            return super().compute(inputs)
        values = self._micro(inputs)
        if self.reduction == "none":
            return values
        return values.sum() if self.reduction == "sum" else values.mean()

    def each_sample(self, inputs: Inputs) -> Tensor | None:
        """The same of each sample."""
        if self.average == "macro" or not self._tells_samples_apart:
            return super().each_sample(inputs)
        return self._micro(inputs)

    def _micro(self, inputs: Inputs) -> Tensor:
        """The formula of sums over the classes that count, with their weights: of each sample, or of the batch."""
        sums, weight = inputs.memoize(self.pooled), self.class_weight(inputs, self.weight)
        if self.classes == "present":
            present = _present(sums.g)
            weight = present if weight is None else present * weight
        return self.per_class(sums.map(lambda x: (x if weight is None else x * weight).sum(axis=-1)))


class ClassSumLoss(SumsLoss):
    """One value for each sample: the classes are added, with weights of the loss's own, before the ratio.

    The hook is `score`.
    """

    reduction: str = only_mean(default="mean")
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C, times that by its size",
    )

    @abstractmethod
    def score(self, sums: RegionSums, weight: Tensor | None) -> Tensor:
        """The loss of each sample, `[N]`, or of the pooled batch, 0-D; 0 where nothing is valid.

        Args:
            sums: of the classes that count.
            weight: of these classes, `[K]`, or None.
        """

    def compute(self, inputs: Inputs) -> Tensor:
        """The mean over samples."""
        return self._scores(inputs).mean()

    def each_sample(self, inputs: Inputs) -> Tensor | None:
        """The scores as they are."""
        return None if self.batch else self._scores(inputs)

    def _scores(self, inputs: Inputs) -> Tensor:
        return self.score(self.pooled(inputs), self.class_weight(inputs, self.weight))


class MapLoss(CellLoss):
    """The mean over pixels of a detached map times a function of p, for each class. The hook is `map_sums`."""

    takes_pixel_weight = True

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
        return picked(means, [c - skip for c in indices])
