"""Powers of logarithms of Dice and of probabilities."""

from __future__ import annotations

import paddle

from ... import numeric
from ...functional import region
from ...functional.error_sums import COUNT, NEGATIVE, POSITIVE, SumSpec, nll_power, pixel_count, sum_of
from ...functional.region_sums import REGION
from ...inputs import Inputs, Tensor
from ...options import flag, number, numbers_or_none
from ...registry import registered
from ..families import CompoundLoss, fit

_LARGEST = 7.0  # the cost of a hopeless pixel, 1e4, becomes 1e28, which can be summed over an image in float32


@registered(
    family="compound",
    order=1,
    title="Exponential logarithmic",
    purpose="very different object sizes; badly predicted labels count more",
    paper="Wong et al., 3D segmentation with exponential logarithmic loss, MICCAI 2018",
    link="https://arxiv.org/abs/1809.00076",
    equation="the exponential logarithmic loss of the paper",
    range=(0, float("inf")),
    suits=("small-objects", "class-imbalance"),
    one_vs_rest=False,
    weighs_labels=True,
    batchwise=True,
    exponents=("gamma_dice", "gamma_cross"),
)
class ExpLogLoss(CompoundLoss):
    r"""Minimises powers of the logarithms of Dice and of the true probability; range [0, inf).

    Formula:
        L = w_dice mean_{n,c} (-ln Dice)^{gamma_dice} + w_cross mean_i w_l (-ln p_l)^{gamma_cross}
        Dice = (2 TP + s) / (P + G + s): Dice coefficient of the sample and class
        p_l: predicted probability of the true label
        w_l = sqrt(V / V_l): weight of the true label, or option `weight`
        V: number of valid pixels in the batch
        V_l: number of those with that label
        l: true label of the pixel

    When:
        For: tiny structures beside large ones. Against: small batches, in which w_l jumps; then give `weight`.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last value of each term.

    Reference:
        Wong et al. 2018 (arXiv 1809.00076).

    Differences:
        None in the formula; the survey puts the power inside the logarithm. Label frequencies are those of the batch.
        Below an argument of 1e-7 a power under 1 is a straight line, so that the slope at a perfect prediction is
        finite. One channel: the Dice of the foreground, and two labels in w_l.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import ExpLogLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(ExpLogLoss()(logits, labels)):.4f}")
        0.8394

    YAML:
        loss:
          types:
            - type: ExpLogLoss
          coef: [1]
    """

    w_dice: float = number(default=0.8, low=0.0, help="weight of the Dice term")
    w_cross: float = number(default=0.2, low=0.0, help="weight of the cross entropy term")
    gamma_dice: float = number(default=0.3, low=0.0, high=_LARGEST, help="exponent of -ln Dice")
    gamma_cross: float = number(default=0.3, low=0.0, high=_LARGEST, help="exponent of -ln p")
    smooth: float = number(default=1.0, low=0.0, open_low=True, help="s of Dice")
    batch: bool = flag(default=False, help="pool the batch in Dice")
    weight: tuple[float, ...] | None = numbers_or_none(
        default=None,
        help="w_l of each label (one channel or multilabel: of 0 and of 1)",
    )

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """The sums of Dice and of both sides' costs."""
        return (*REGION.needs, *(SumSpec(side, nll_power(self.gamma_cross)) for side in (POSITIVE, NEGATIVE)))

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """The two terms."""
        sums = REGION.of(inputs)
        logs = region.minus_log_dice(sums.pooled() if self.batch else sums, self.smooth)
        dice = numeric.power(logs, self.gamma_dice).mean()
        values, counts = self._labels(inputs)
        cross = numeric.safe_divide((values * self._label_weight(counts)).sum(), counts.sum())
        return {"dice": (self.w_dice, dice), "cross_entropy": (self.w_cross, cross)}

    def _labels(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Sum of (-ln p_l)^gamma over the pixels of each label in the batch, and their number."""
        positive, count = sum_of(inputs, POSITIVE, nll_power(self.gamma_cross)), sum_of(inputs, POSITIVE, COUNT)
        if inputs.multiclass:
            return positive.sum(axis=0), count.sum(axis=0)
        negative = sum_of(inputs, NEGATIVE, nll_power(self.gamma_cross))
        present = count.sum()
        return paddle.stack([negative.sum(), positive.sum()]), paddle.stack(
            [pixel_count(inputs).sum() - present, present]
        )

    def _label_weight(self, counts: Tensor) -> Tensor:
        if self.weight is not None:
            return numeric.constant(fit(self.weight, counts.shape[0], "weight", type(self).__name__), counts.dtype)
        return paddle.sqrt(numeric.safe_divide(paddle.ones_like(counts) * counts.sum(), counts))
