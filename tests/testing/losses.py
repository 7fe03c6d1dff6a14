"""Losses of a user's own: a right one, and ones with the mistakes that `check` is there to find. None is registered."""

import paddle
import paddle.nn.functional as F

from paddleseg_losses import numeric
from paddleseg_losses.functional.pixel_formulas import CROSS_ENTROPY
from paddleseg_losses.losses.families import PixelLoss, RegionLoss, ScalarLoss
from paddleseg_losses.options import number


def mean_error(inputs):
    """Mean |p - g| of the pixels that count."""
    errors = ((inputs.prob - inputs.target) * inputs.mask).abs()
    return numeric.safe_divide(errors.sum(), inputs.mask.expand_as(errors).sum())


class RightLoss(RegionLoss):
    """1 - p g / (p + g - p g), smoothed."""

    smooth: float = number(default=1.0, low=0.0, help="smoothing")

    def per_class(self, sums):
        return 1 - (sums.tp + self.smooth) / (sums.p + sums.g - sums.tp + self.smooth)


class WritesLabels(RegionLoss):
    """Sets ignored labels to 0 in place, as PaddleSeg's DiceLoss does."""

    def forward(self, logits, labels, pixel_weight=None):
        value = super().forward(logits, labels, pixel_weight)
        labels[labels == self.ignore_index] = 0
        return value

    per_class = RightLoss.per_class
    smooth = 1.0


class ReadsIgnored(ScalarLoss):
    """Scores every pixel of the caller's logits, ignored ones too."""

    def value(self, inputs):
        p = F.softmax(inputs.problem.scores, axis=1) if inputs.multiclass else F.sigmoid(inputs.problem.scores)
        return (p - inputs.target).abs().mean()


class HalfLoss(ScalarLoss):
    """Keeps something large in the type of the logits: float16 ends at 65504."""

    def forward(self, logits, labels, pixel_weight=None):
        value = super().forward(logits, labels, pixel_weight)
        return (value * 1e6).astype(logits.dtype).astype(value.dtype) / 1e6

    def value(self, inputs):
        return mean_error(inputs)


class Exponential(ScalarLoss):
    """exp(z) without any care: finite for the logits of a good day."""

    def value(self, inputs):
        z = (1 - 2 * inputs.target) * inputs.logits
        return numeric.safe_divide((z.exp() * inputs.mask).sum(), inputs.mask.expand_as(z).sum())


class Detached(RegionLoss):
    """A denominator without a gradient: it still trains, to somewhere else."""

    def per_class(self, sums):
        return 1 - (sums.tp + 1) / ((sums.p + sums.g).detach() - sums.tp + 1)


class NoSlope(RegionLoss):
    """Everything detached."""

    def per_class(self, sums):
        return RightLoss.per_class(self, sums.map(lambda x: x.detach())) + 0 * sums.tp

    smooth = 1.0


class OutOfRange(RegionLoss):
    """Twice what its spec says."""

    def per_class(self, sums):
        return 2 - 2 * (sums.tp + 1) / (sums.p + sums.g - sums.tp + 1)


class FirstClass(RegionLoss):
    """Weighs class 1 above class 2, which no option says."""

    def per_class(self, sums):
        cells = 1 - (sums.tp + 1) / (sums.p + sums.g - sums.tp + 1)
        return cells * paddle.to_tensor([1.0, 0.9, 0.5][: cells.shape[-1]], dtype=cells.dtype)


class FirstSample(ScalarLoss):
    """The first sample counts double."""

    def value(self, inputs):
        each = ((inputs.prob - inputs.target) * inputs.mask).abs().flatten(1).mean(axis=1)
        return (each.sum() + each[0]) / (each.shape[0] + 1)


class LooksLeft(ScalarLoss):
    """The error of a pixel and of its left neighbour: flipped, it is another loss."""

    def value(self, inputs):
        errors = ((inputs.prob - inputs.target) * inputs.mask).abs()
        return (errors.mean() + (errors[..., 1:] ** 2 * errors[..., :-1]).mean()) / 2


class Inverted(RegionLoss):
    """The score instead of the loss: training makes it worse."""

    def per_class(self, sums):
        return (sums.tp + 1) / (sums.p + sums.g - sums.tp + 1)


class DividesByNothing(ScalarLoss):
    """A plain division by the number of pixels that count."""

    def value(self, inputs):
        count = inputs.mask.expand_as(inputs.prob)
        each = ((inputs.prob - inputs.target) * inputs.mask).abs().flatten(1).sum(axis=1) / count.flatten(1).sum(axis=1)
        return each.mean()


class OwnConstructor(PixelLoss):
    """An __init__ of its own, whose option no text mentions."""

    def __init__(self, power=2.0, **options):
        super().__init__(**options)
        self.power = power

    def formula(self):
        return CROSS_ENTROPY

    def adjust(self, inputs, values):
        errors = ((inputs.prob - inputs.target) * inputs.mask).abs() ** self.power
        return errors.mean(axis=1, keepdim=True) if inputs.multiclass else errors


class Crashes(ScalarLoss):
    """A mistake of Python's kind."""

    def value(self, inputs):
        return inputs.probabilities.mean()


class Knows255(ScalarLoss):
    """Compares labels with a number of its own instead of asking for the mask."""

    def value(self, inputs):
        counted = (inputs.problem.labels != 255).astype(inputs.prob.dtype)
        errors = (inputs.prob - inputs.target).abs() * counted
        return numeric.safe_divide(errors.sum(), counted.expand_as(errors).sum())


class OwnForward(ScalarLoss):
    """Paddle's own cross entropy in a forward of its own, past the preparation of inputs."""

    def forward(self, logits, labels, pixel_weight=None):
        return F.cross_entropy(logits, labels.unsqueeze(1), axis=1, ignore_index=self.ignore_index)

    def value(self, inputs):
        raise NotImplementedError


class SoftOtherwise(ScalarLoss):
    """Under soft targets another formula, rounded and half detached."""

    def value(self, inputs):
        off = (inputs.prob - (inputs.target.round() if inputs.soft else inputs.target)) * inputs.mask
        squares = 2 * off * off.detach() if inputs.soft else off * off
        return numeric.safe_divide(squares.sum(), inputs.mask.expand_as(squares).sum())


class ChangesOptions(RegionLoss):
    """Keeps half of the option that it was given: rebuilt from its text, it is another loss."""

    smooth: float = number(default=1.0, low=0.0, help="smoothing")
    per_class = RightLoss.per_class

    def setup(self):
        super().setup()
        self.smooth = self.smooth / 2


class TakesAnything(RegionLoss):
    """Drops options that it does not know, and compares one before it is read."""

    smooth: float = number(default=1.0, low=0.0, help="smoothing")
    per_class = RightLoss.per_class

    def __init__(self, **options):
        if options.get("smooth", 1.0) < 0:
            raise ValueError("smooth is negative")
        known = {
            "smooth",
            "weight",
            "batch",
            "ignore_index",
            "mode",
            "from_logits",
            "data_format",
            "include_background",
        }
        super().__init__(**{name: value for name, value in options.items() if name in known})
