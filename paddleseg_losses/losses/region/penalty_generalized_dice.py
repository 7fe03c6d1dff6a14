"""Generalized Dice loss with errors weighted more."""

from __future__ import annotations

from ...functional import region
from ...functional.region_sums import RegionSums
from ...inputs import Tensor
from ...options import choice, number
from ...registry import registered
from ..families import ClassSumLoss


@registered(
    family="region",
    order=3,
    title="Generalized Dice with a penalty",
    purpose="generalized Dice with errors weighted 1 + k times more",
    paper="Yang et al., Major vessel segmentation on X-ray coronary angiography, MIDL 2019",
    link="https://openreview.net/forum?id=H1lTh8unKN",
    equation="the pGD of the abstract",
    range=(0, 1),
    suits=("class-imbalance",),
    soft=True,
    label_sets=True,
)
class PenaltyGeneralizedDiceLoss(ClassSumLoss):
    r"""Maximises the generalized Dice coefficient with false positives and negatives weighted more; range [0, 1).

    Formula:
        L = 1 - GD / (1 + k (1 - GD)): for each sample, then the mean. The same as multiplying FP and FN by `1 + k`
        GD: generalized Dice coefficient of the sample, see GeneralizedDiceLoss

    When:
        For: generalized Dice whose predictions stay ragged. Against: unstable starts, as the slope is 1 + k times
        steeper near the optimum.

    Shape:
        logits: `[N, C, *S]` with 1 to 3 spatial axes.
        labels: integers `[N, *S]` or `[N, 1, *S]`; multilabel `[N, C, *S]`; floats in [0, 1] as soft targets.
        output: 0-D.

    Reference:
        Yang et al. 2019 (MIDL, H1lTh8unKN).

    Differences:
        Some pages apply the formula to the loss instead of the coefficient, which divides the weight of errors by 1 +
        k. k = 0 is GeneralizedDiceLoss.

    Example:
        >>> import paddle
        >>> from paddleseg_losses import PenaltyGeneralizedDiceLoss
        >>> logits = paddle.to_tensor([[[[2.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])
        >>> labels = paddle.to_tensor([[[0, 2]]])
        >>> print(f"{float(PenaltyGeneralizedDiceLoss()(logits, labels)):.4f}")
        0.7781

    YAML:
        loss:
          types:
            - type: PenaltyGeneralizedDiceLoss
              k: 2.5
          coef: [1]
    """

    k: float = number(default=2.5, low=0.0, help="how much more errors cost")
    w_type: str = choice(default="square", of=("square", "simple", "uniform"), help="weight of a class by its size")
    smooth: float = number(default=1e-5, low=0.0, help="s, added to numerator and denominator")

    def score(self, sums: RegionSums, weight: Tensor | None) -> Tensor:
        """1 - pGD of each sample, from the loss L of generalized Dice: (1 + k) L / (1 + k L)."""
        loss = region.generalized_dice(sums, self.w_type, self.smooth, weight)
        return (1 + self.k) * loss / (1 + self.k * loss)
