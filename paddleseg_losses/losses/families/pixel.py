"""Losses with a value for each pixel, and what they share with others: exact distances."""

from __future__ import annotations

from abc import abstractmethod

from ... import numeric
from ...errors import OptionError
from ...functional import pixelwise
from ...functional.error_sums import Moment
from ...functional.pixelwise import UNITY, Balance, Formula
from ...inputs import Inputs, Tensor
from ...options import numbers_or_none
from ..base import Loss
from .class_options import each_class


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
        return self.values(inputs), pixelwise.expected(inputs, UNITY, self.class_weight(inputs))

    def values(self, inputs: Inputs) -> Tensor:
        """The formula's values, 0 where ignored."""
        return pixelwise.expected(inputs, self.formula(), self.class_weight(inputs), self.balance(inputs))

    def chosen(self, inputs: Inputs) -> Inputs:
        """The problem with only those pixels that count, for losses that choose among them; kernels only."""
        return inputs

    def summable(self, inputs: Inputs) -> bool:
        """Whether a kernel can add up the formula's values."""
        return inputs.raw is not None and self.plain() and self.reduction != "none"

    def moments(self, inputs: Inputs) -> tuple[Moment, ...]:
        """The formula's sums, which terms that ask for others can share."""
        if not self.summable(inputs) or inputs.pixel_weight is not None:
            return ()
        return pixelwise.needed(self.formula(), inputs)

    def compute(self, inputs: Inputs) -> Tensor:
        """Reduce the pixels."""
        if self.summable(inputs):
            return self._sum(inputs)
        values, normaliser = self.pixels(inputs)
        if inputs.pixel_weight is not None:
            values = values * inputs.pixel_weight
        if self.reduction == "none":
            return values.sum(axis=1)
        total = numeric.grand_total(values)
        return total if self.reduction == "sum" else numeric.safe_divide(total, numeric.grand_total(normaliser))

    def _sum(self, inputs: Inputs) -> Tensor:
        inputs = self.chosen(inputs)
        weight, balance, mean = self.class_weight(inputs), self.balance(inputs), self.reduction == "mean"
        shared = self.moments(inputs)
        if not shared or not inputs.wants_more(shared):
            return pixelwise.reduced(inputs, self.formula(), weight, balance, mean)
        total = pixelwise.total(inputs, self.formula(), weight, balance)
        return numeric.safe_divide(total, pixelwise.total(inputs, UNITY, weight)) if mean else total

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
