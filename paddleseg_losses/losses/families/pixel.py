"""Losses with a value for each pixel, and what they share with others: exact distances."""

from __future__ import annotations

from abc import abstractmethod

from ...errors import OptionError
from ...functional import pixelwise
from ...functional.error_sums import SumSpec
from ...functional.pixel_formulas import Formula
from ...functional.pixelwise import Balance
from ...functional.soft_targets import spread_labels
from ...i18n import _
from ...inputs import Inputs, Tensor
from ...known_spacing import Spacing, spacing_of
from ...options import number, numbers_or_none
from ..base import Loss
from .class_options import each_class


class PixelLoss(Loss):
    """A value for each pixel; the mean divides their sum by that of their weights, which are 1 unless they are given.

    The hook is `formula`. Refinements have defaults that most losses keep: `balance` weights positives and negatives,
    `adjust` changes the values pixel by pixel, `select` chooses among the pixels or moves their logits, `soften` makes
    soft targets of the labels.
    """

    takes_pixel_weight = True

    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="weight of each class, a list of C; the mean is a weighted mean",
    )
    label_smoothing: float = number(
        default=0.0,
        low=0.0,
        high=1.0,
        help="share of the target spread over all classes, with a sigmoid over 0 and 1",
    )

    @abstractmethod
    def formula(self) -> Formula:
        """A pixel's value, as a function of the error at its true label."""

    def balance(self, inputs: Inputs) -> Balance | None:
        """Factors of positives and negatives, `[N or 1, C]` or numbers, which the normaliser does not know."""
        return None

    def adjust(self, inputs: Inputs, values: Tensor) -> Tensor:
        """The values `[N, 1 or C, *S]` after what no formula of the error says, a distance map for example."""
        return values

    def select(self, inputs: Inputs) -> Inputs:
        """The call that is scored: with fewer pixels that count, or other logits."""
        return inputs

    def soften(self, inputs: Inputs) -> Inputs:
        """The call with soft targets, whose pixels keep the weights of their labels."""
        return inputs

    @property
    def is_pointwise(self) -> bool:
        """Whether a pixel's value is the formula's: then sums may be enough, and no pixel's value is kept."""
        return type(self).adjust is PixelLoss.adjust

    def values(self, inputs: Inputs) -> Tensor:
        """The value of every pixel, 0 where ignored."""
        call = self.soften(inputs), self.formula()
        factors = self.class_weight(inputs), self.balance(inputs)
        if self.label_smoothing == 0:
            return self.adjust(inputs, pixelwise.pixel_values(*call, *factors))
        return self.adjust(inputs, pixelwise.smoothed_values(*call, self.label_smoothing, *factors))

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """The formula's sums, which terms that ask for others can share."""
        return pixelwise.shareable(self.formula(), inputs) if self._shares and pixelwise.can_share(inputs) else ()

    @property
    def _shares(self) -> bool:
        """Whether sums are enough, of the same pixels as for other terms."""
        same = type(self).select is PixelLoss.select and type(self).soften is PixelLoss.soften
        return self.is_pointwise and self.reduction != "none" and self.label_smoothing == 0 and same

    def _summed(self, inputs: Inputs) -> Inputs | None:
        """The call whose sums over pixels make the total; None if values of pixels are needed."""
        if self.label_smoothing == 0:
            return self.soften(inputs)
        kernel = pixelwise.sums_soft_targets(inputs, self.formula())
        return spread_labels(inputs, self.label_smoothing) if kernel else None

    def compute(self, inputs: Inputs) -> Tensor:
        """Reduce the pixels."""
        inputs = self.select(inputs)
        weight, mean = self.class_weight(inputs), self.reduction == "mean"
        summed = self._summed(inputs) if self.is_pointwise and self.reduction != "none" else None
        if summed is not None:
            factors = weight, self.balance(inputs)
            return pixelwise.pixel_total(summed, inputs, self.formula(), *factors, mean, self._shares)
        values = self.values(inputs)
        if self.reduction == "none":
            values = inputs.weighed(values)
            return values if inputs.mode == "multilabel" else values.squeeze(1)
        return pixelwise.reduce_values(inputs, values, weight, mean)

    def each_sample(self, inputs: Inputs) -> Tensor | None:
        """The means of the samples, from sums."""
        same = self._shares and self.reduction == "mean" and type(self).balance is PixelLoss.balance
        return pixelwise.means_of_samples(inputs, self.formula(), self.class_weight(inputs)) if same else None

    def class_weight(self, inputs: Inputs) -> Tensor | None:
        """`weight` as `[1, C]`, or None."""
        return None if self.weight is None else each_class(self.weight, inputs, "weight", type(self).__name__)


class Spaced(Loss):
    """Losses that measure exact distances."""

    spacing: tuple[float, ...] | None = numbers_or_none(
        default=None,
        open_low=True,
        help="size of a pixel along each axis, one number or one for each axis",
    )

    def pixel_size(self, inputs: Inputs) -> Spacing | None:
        """`spacing` with a number for each axis, that of the batch if there is none, or None."""
        if self.spacing is None:
            return spacing_of(int(inputs.problem.scores.shape[0]), inputs.problem.space)
        if len(self.spacing) == inputs.axes:
            return self.spacing
        if len(self.spacing) == 1:
            return self.spacing * inputs.axes
        raise OptionError(
            _(
                "{loss}: spacing={spacing} for an image with {axes} spatial axes.",
                loss=type(self).__name__,
                spacing=list(self.spacing),
                axes=inputs.axes,
            ),
            _("one number, or {axes} in the order of the axes", axes=inputs.axes),
            _("omit the batch and channel axes"),
        )
