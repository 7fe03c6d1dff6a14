"""The families: each prepares one kind of number and leaves one hook open to its final classes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

import paddle

from ..errors import OptionError
from ..functional import distribution, numeric
from ..functional.distribution import UNITY, Balance, Formula
from ..functional.moments import Moment
from ..functional.statistics import REGION, RegionSums, region_sums
from ..inputs import Inputs, Tensor
from ..options import class_subset, flag, numbers_or_none, only_mean
from .base import Loss

Numbers = TypeVar("Numbers", bound="tuple[Any, ...]")


def fit(numbers: Numbers, expected: int, option: str, name: str) -> Numbers:
    """Refuse a list that has not one number for each class."""
    if len(numbers) != expected:
        raise OptionError(
            f"{name}: {option} has {len(numbers)} number(s), {list(numbers)}; logits have {expected} channel(s).",
            f"{expected} numbers, one for each class, the background included",
            f"give {option} one number for each of the {expected} classes, or check num_classes of the model",
        )
    return numbers


def each_class(numbers: tuple[float, ...], inputs: Inputs, option: str, name: str) -> Tensor:
    """One number for each class as `[1, C]`."""
    fitting = fit(numbers, inputs.channels, option, name)
    return paddle.to_tensor([fitting], dtype=inputs.source.logits.dtype)


def pick(classes: tuple[int, ...], kept: list[int], channels: int, name: str) -> list[int]:
    """The listed classes among those that count; refuse what the model does not have."""
    if not set(classes) <= set(kept):
        raise OptionError(
            f"{name}: classes={list(classes)} with {channels} channel(s).",
            f"classes out of {kept}",
            "remove the classes that the model does not have, or set include_background=True",
        )
    return list(classes)


class PixelLoss(Loss):
    """A value for each pixel, and what to divide their sum by: with class weights, the weights of the labels."""

    takes_pixel_weight = True

    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the mean is a weighted mean",
        zh="各类别的权重，长度为 C 的列表；均值为加权均值",
    )

    @abstractmethod
    def formula(self) -> Formula:
        """A pixel's value, as a function of the error of its true label."""

    def balance(self, inputs: Inputs) -> Balance | None:
        """Factors of positives and negatives, `[N or 1, C]` or numbers, which the normaliser does not know."""
        return None

    def plain(self) -> bool:
        """Whether the value is the formula's: then sums are enough, and no pixel's value is kept."""
        return True

    def pixels(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Values `[N, 1 or C, *S]`, 0 where ignored, and the normaliser, whose sum divides theirs."""
        weight = self.class_weight(inputs)
        values = distribution.expected(inputs, self.formula(), weight, self.balance(inputs))
        return values, distribution.expected(inputs, UNITY, weight)

    def summable(self, inputs: Inputs) -> bool:
        """Whether sums by the kernel give the result."""
        return inputs.raw is not None and self.plain() and inputs.pixel_weight is None and self.reduction != "none"

    def moments(self, inputs: Inputs) -> tuple[Moment, ...]:
        """The formula's sums and the counts."""
        if not self.summable(inputs):
            return ()
        return distribution.needed((*self.formula(), *UNITY), inputs)

    def compute(self, inputs: Inputs) -> Tensor:
        """Reduce the pixels."""
        if self.summable(inputs):
            weight = self.class_weight(inputs)
            total = distribution.total(inputs, self.formula(), weight, self.balance(inputs))
            if self.reduction == "sum":
                return total
            return numeric.safe_divide(total, distribution.total(inputs, UNITY, weight))
        values, normaliser = self.pixels(inputs)
        if inputs.pixel_weight is not None:
            values = values * inputs.pixel_weight
        if self.reduction == "none":
            return values.sum(axis=1)
        total = numeric.grand_total(values)
        return total if self.reduction == "sum" else numeric.safe_divide(total, numeric.grand_total(normaliser))

    def class_weight(self, inputs: Inputs) -> Tensor | None:
        """`weight` as `[1, C]`, or None."""
        return None if self.weight is None else each_class(self.weight, inputs, "weight", type(self).__name__)


class Spaced(Loss):
    """Losses that measure exact distances."""

    spacing: tuple[float, ...] | None = numbers_or_none(
        default=None,
        open_low=True,
        help="size of a pixel along each axis, one number or one for each axis",
        zh="像素在各轴上的物理尺寸：一个数或每轴一个数",
    )

    def pixel_size(self, axes: int) -> tuple[float, ...] | None:
        """`spacing` with a number for each axis, or None."""
        if self.spacing is None or len(self.spacing) == axes:
            return self.spacing
        if len(self.spacing) == 1:
            return self.spacing * axes
        raise OptionError(
            f"{type(self).__name__}: spacing={list(self.spacing)} for an image of {axes} spatial axes.",
            f"one number, or {axes} in the order of the axes",
            "leave the batch and channel axes out",
        )


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

    def reduce(self, cells: Tensor, count: Tensor) -> Tensor:
        """Average the cells; one without a valid pixel is 0 and still counts."""
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
        return self.outer(self.reduce(cells, sums.count))


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
        m, g = inputs.mask.expand_as(inputs.prob), inputs.target
        p = inputs.prob * m
        count = inputs.count
        skip = self.kept(inputs)[0]
        p, g, m, count = p[:, skip:], g[:, skip:], m[:, skip:], count[:, skip:]
        cells = numeric.safe_divide(numeric.spatial_sum(self.pixels(p, g) * m), count)
        return self.reduce(cells, count)


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
            self._parts = {name: value.detach() for name, (_, value) in terms.items()}
        return sum(weight * value for weight, value in terms.values())

    @property
    def parts(self) -> dict[str, float]:
        """Last value of each term, before its weight; reading it waits for the device."""
        return {name: float(value) for name, value in getattr(self, "_parts", {}).items()}
