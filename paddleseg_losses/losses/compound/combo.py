"""Chapter 4 of the article: weighted sums of losses of the other chapters."""

from __future__ import annotations

from ...functional.error_sums import NEGATIVE, NLL, POSITIVE, SumSpec, pixel_count, sum_of
from ...inputs import Inputs, Tensor
from ...numeric import safe_divide
from ...options import flag, number, numbers_or_none
from ...registry import registered
from ..families import CompoundLoss, each_class
from ..region.dice import DiceLoss


@registered(
    family="compound",
    order=2,
    title="Combo",
    purpose="steady gradients of cross entropy with the overlap of Dice; beta weighs misses",
    paper="Taghanaki et al., Combo loss, CMIG 2019",
    link="https://arxiv.org/abs/1805.02798",
    equation="Jadon 2020, eq. 17 and 18",
    range=(0, float("inf")),
    suits=("first-attempt", "class-imbalance", "missed-objects", "false-alarms", "unstable-training"),
    label_sets=True,
)
class ComboLoss(CompoundLoss):
    r"""Minimises a mean of weighted cross entropy and Dice loss; range [0, inf).

    Formula:
        L = alpha CE_beta + (1 - alpha) D
        CE_beta = -mean_{i,c} [beta g log p + (1 - beta) (1 - g) log(1 - p)]: over valid pixels and classes that count;
            above 0.5, `beta` makes false negatives cost more
        c: a class against the rest; the background only with `include_background`

    When:
        For: multi-organ and lesion segmentation, imbalanced in pixels and in errors. Against: when one of the two
        terms alone already does well.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`.
        output: 0-D. `parts` holds the last values of `cross_entropy` and `dice`.

    Reference:
        Taghanaki et al. 2019 (arXiv 1805.02798); Jadon 2020 (arXiv 2006.14822), eq. 17 and 18.

    Differences:
        The paper subtracts the Dice coefficient; we add the Dice loss, which differs by the constant 1 - alpha, so that
        the optimum is 0. Its first version printed "y - log p" for a product, which its authors corrected in 2021 and
        the survey copied. The survey also subtracts the Dice *loss*. The authors' code has the wrong sign at the
        background term. With the background and C = 2, beta cancels.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import ComboLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> loss = ComboLoss()
        >>> print(f"{float(loss(logits, labels)):.4f}", sorted(loss.parts))
        0.3626 ['cross_entropy', 'dice']

    YAML:
        loss:
          types:
            - type: ComboLoss
              alpha: 0.5
              beta: 0.5
          coef: [1]
    """

    takes_pixel_weight = True

    alpha: float = number(default=0.5, low=0.0, high=1.0, help="share of the cross entropy")
    beta: float = number(
        default=0.5,
        low=0.0,
        high=1.0,
        help="weight of positives in the cross entropy, 1 - beta of negatives",
    )
    smooth: float = number(default=1.0, low=0.0, help="s of the Dice loss")
    batch: bool = flag(default=False, help="pool the batch in the Dice loss")
    include_background: bool = flag(
        default=False,
        help="whether class 0 of a multiclass problem counts",
    )
    weight: tuple[float, ...] | None = numbers_or_none(default=None, help="weight of each class in both terms")

    def setup(self) -> None:
        """The Dice loss inside."""
        self.dice = DiceLoss(
            smooth=self.smooth, batch=self.batch, include_background=self.include_background, weight=self.weight
        )

    def requests(self, inputs: Inputs) -> tuple[SumSpec, ...]:
        """Those of Dice, and costs."""
        return (*super().requests(inputs), SumSpec(POSITIVE, NLL), SumSpec(NEGATIVE, NLL))

    def terms(self, inputs: Inputs) -> dict[str, tuple[float, Tensor]]:
        """Cross entropy of every class against the rest, and Dice."""
        skip = self.dice.channel_indices(inputs)[0]
        entropy = self.beta * sum_of(inputs, POSITIVE, NLL) + (1 - self.beta) * sum_of(inputs, NEGATIVE, NLL)
        count = pixel_count(inputs)
        if self.weight is not None:
            weight = each_class(self.weight, inputs, "weight", type(self).__name__)
            entropy, count = entropy * weight, count * weight
        return {
            "cross_entropy": (self.alpha, safe_divide(entropy[:, skip:].sum(), count[:, skip:].sum())),
            "dice": (1 - self.alpha, self.dice.compute(inputs)),
        }
