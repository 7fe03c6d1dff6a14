"""Losses with a value for each (sample, class) cell."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import paddle

from ... import numeric
from ...errors import OptionError
from ...functional.error_sums import Moment
from ...functional.region_sums import REGION, RegionSums, region_sums
from ...inputs import Inputs, Tensor
from ...options import class_subset, flag, numbers_or_none, only_mean
from ..base import Loss
from .class_options import fit, pick


class CellLoss(Loss):
    """A value for each (sample, class) cell; the background may be left out."""

    include_background: bool = flag(
        default=True,
        help="whether class 0 of a multiclass problem counts",
        zh="多分类时是否计入第 0 类（背景）",
    )

    def kept(self, inputs: Inputs) -> list[int]:
        """Channels that count."""
        skip = 1 if inputs.multiclass and not self.include_background else 0
        return list(range(skip, inputs.channels))

    def reduce(self, cells: Tensor, count: Tensor, inputs: Inputs) -> Tensor:
        """Average the cells; one without a valid pixel is 0 and still counts."""
        if not inputs.filled:
            cells = paddle.where(count > 0, cells, paddle.zeros_like(cells))
        if self.reduction == "none":
            return cells
        return cells.sum() if self.reduction == "sum" else cells.mean()


class SumsLoss(CellLoss):
    """Algebra on the sums of each (sample, class): one pass over the data."""

    batch: bool = flag(default=False, help="pool the batch before the formula", zh="是否先在整个批次上求和")
    sync: bool = flag(
        default=False,
        help="pool the ranks too (needs batch=True)",
        zh="是否在所有进程间求和（需要 batch=True）",
    )

    def sums(self, inputs: Inputs) -> RegionSums:
        """The sums that the formula reads."""
        return inputs.once(region_sums)

    def moments(self, inputs: Inputs) -> tuple[Moment, ...]:
        """What `sums` reads."""
        return REGION

    def setup(self) -> None:
        """Refuse options that contradict each other."""
        if self.sync and not self.batch:
            raise OptionError(
                f"{type(self).__name__}: sync=True with batch=False.",
                "batch=True with sync=True: only sums over the batch are shared by the ranks",
                "set batch=True",
            )

    def pooled(self, inputs: Inputs) -> RegionSums:
        """The sums of the channels that count, over the samples and ranks that are pooled."""
        sums = self.sums(inputs)
        if self.batch:
            sums = sums.pooled()
        if self.sync:
            sums = sums.synchronised()
        kept = self.kept(inputs)
        if kept == list(range(inputs.channels)):
            return sums
        index = paddle.to_tensor(kept)
        return sums.map(lambda x: x.index_select(index, axis=-1))


class RegionLoss(SumsLoss):
    """A formula on the sums of each cell, then the mean over the cells that count."""

    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the sum is divided by the number of classes",
        zh="各类别的权重，长度为 C 的列表；加权和除以类别数",
    )
    classes: str | tuple[int, ...] = class_subset(
        default="all",
        help="classes that count: all, those present in the labels, or a list",
        zh="参与计算的类别：all、present（标签中出现的）或列表",
    )

    @abstractmethod
    def cells(self, sums: Any) -> Tensor:
        """The loss of each cell, from what `sums` made."""

    def outer(self, mean: Tensor) -> Tensor:
        """A map of the mean, for losses that wrap another one."""
        return mean

    def kept(self, inputs: Inputs) -> list[int]:
        """Channels that count, by include_background and classes."""
        kept = super().kept(inputs)
        if isinstance(self.classes, str):
            return kept
        return pick(self.classes, kept, inputs.channels, type(self).__name__)

    def compute(self, inputs: Inputs) -> Tensor:
        """Sums, formula, classes, mean."""
        sums = self.pooled(inputs)
        cells = self.cells(sums)
        if self.weight is not None:
            weight = fit(self.weight, inputs.channels, "weight", type(self).__name__)
            cells = cells * paddle.to_tensor([weight[c] for c in self.kept(inputs)], dtype=cells.dtype)
        if self.classes == "present":
            present = (sums.g > 0).astype(cells.dtype)
            cells = cells * present
            if self.reduction == "mean":
                return self.outer(numeric.safe_divide(cells.sum(), present.sum()))
        return self.outer(self.reduce(cells, sums.count, inputs))


class ClassSumLoss(SumsLoss):
    """One number for each sample: the classes are added, with weights of the loss's own, before the ratio."""

    reduction: str = only_mean(default="mean")

    @abstractmethod
    def score(self, sums: RegionSums) -> Tensor:
        """The loss of each sample, `[N]`, or of the pooled batch, 0-D; 0 where nothing is valid."""

    def compute(self, inputs: Inputs) -> Tensor:
        """The mean over samples."""
        return self.score(self.pooled(inputs)).mean()


class MapLoss(CellLoss):
    """The mean over pixels of a detached map times a function of p, for each cell."""

    include_background: bool = flag(
        default=False,
        help="whether class 0 of a multiclass problem counts",
        zh="多分类时是否计入第 0 类（背景）",
    )

    @abstractmethod
    def pixels(self, p: Tensor, g: Tensor) -> Tensor:
        """Values of every pixel from p and g `[N, C, *S]`, both 0 where ignored."""

    def compute(self, inputs: Inputs) -> Tensor:
        """Select the channels, then average the pixels of each cell."""
        skip = self.kept(inputs)[0]
        sums = self.native_sums(inputs, skip) if inputs.raw is not None else None
        if sums is None:
            m, g = inputs.mask.expand_as(inputs.prob), inputs.target
            p = inputs.prob * m
            p, g, m = p[:, skip:], g[:, skip:], m[:, skip:]
            sums = numeric.spatial_sum(self.pixels(p, g) * m)
        count = inputs.count[:, skip:]
        return self.reduce(numeric.safe_divide(sums, count), count, inputs)

    def native_sums(self, inputs: Inputs, skip: int) -> Tensor | None:
        """Sums of the pixels of each cell from channel `skip` on, by a kernel; None if there is none."""
        return None
